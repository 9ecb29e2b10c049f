import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { isCodeChallenge, verifierMatches } from '../../src/oauth/pkce.ts';
import { SeededRandom } from '../support/random.ts';

/** RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const UNRESERVED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~';

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

test('the verifier of RFC 7636 matches its challenge', () => {
  expect(isCodeChallenge(CHALLENGE)).toBe(true);
  expect(verifierMatches(VERIFIER, CHALLENGE)).toBe(true);
});

test('verifiers of any allowed length and alphabet match their own challenge and no other', () => {
  const random = new SeededRandom(7636);
  let last = challengeOf(VERIFIER);
  for (let length = 43; length <= 128; length += 1) {
    const verifier = random.text(UNRESERVED, length);
    const challenge = challengeOf(verifier);
    expect(isCodeChallenge(challenge)).toBe(true);
    expect(verifierMatches(verifier, challenge)).toBe(true);
    expect(verifierMatches(verifier, last)).toBe(false);
    last = challenge;
  }
});

test('no verifier with one character changed matches', () => {
  for (let at = 0; at < VERIFIER.length; at += 1) {
    const other = VERIFIER[at] === 'A' ? 'B' : 'A';
    expect(verifierMatches(VERIFIER.slice(0, at) + other + VERIFIER.slice(at + 1), CHALLENGE)).toBe(false);
  }
});

test.each([
  ['empty', ''],
  ['too short by one', 'a'.repeat(42)],
  ['too long by one', 'a'.repeat(129)],
  ['with a character outside the alphabet', `${'a'.repeat(42)}+`],
  ['with a space', `${'a'.repeat(42)} `],
  ['with a line break at its end', `${'a'.repeat(43)}\n`],
  ['with a letter outside ASCII', `${'a'.repeat(42)}é`],
])('a verifier that is %s is refused even if it fits', (_, verifier) => {
  expect(verifierMatches(verifier, challengeOf(verifier))).toBe(false);
});

test('the verifier itself is no challenge: the method plain does not work', () => {
  expect(verifierMatches(VERIFIER, VERIFIER)).toBe(false);
  expect(verifierMatches(CHALLENGE, CHALLENGE)).toBe(false);
});

test.each([
  '',
  CHALLENGE.slice(1),
  `${CHALLENGE}A`,
  `${CHALLENGE}=`,
  `${CHALLENGE.slice(0, -1)}+`,
  `${CHALLENGE.slice(0, -1)}.`,
  `${CHALLENGE}\n`,
  ` ${CHALLENGE.slice(1)}`,
])('%j is no challenge, and comparing with it is no error', (text) => {
  expect(isCodeChallenge(text)).toBe(false);
  expect(verifierMatches(VERIFIER, text)).toBe(false);
});
