import { expect, test } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeysRef } from '../../../src/actors/keys/messages.ts';
import { KeyCache } from '../../../src/actors/token/key-cache.ts';
import { VerifiedTokens } from '../../../src/actors/token/verified-tokens.ts';
import { accessTokenClaims } from '../../../src/oauth/claims.ts';
import { signJwt, type JwtType, type VerificationKey } from '../../../src/oauth/jwt.ts';

const ISSUER = 'https://issuer.example';
const FORGOTTEN_AFTER_MS = 31_000;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kid = randomUUID();

function newToken({ type = 'at+jwt', issuer = ISSUER }: { type?: JwtType; issuer?: string } = {}): string {
  const tokenId = randomUUID();
  const claims = accessTokenClaims({
    issuer,
    subject: 'subject',
    clientId: 'client',
    scope: 'read',
    issuedAt: 1,
    expiresAt: 2,
    tokenId,
  });
  return signJwt({ kid, algorithm: 'ES256', privateKey }, type, claims);
}

/** Tokens seen by an actor whose clock and published keys the test holds, and how often a key was verified with. */
function newVerified(size = 100) {
  let nowMs = 0;
  let published = true;
  let verifications = 0;
  const key: VerificationKey = {
    kid,
    algorithm: 'ES256',
    get publicKey() {
      verifications += 1;
      return publicKey;
    },
  };
  const keys = {
    ask: (message: { kid: string }) => Promise.resolve(published && message.kid === kid ? key : null),
  } as unknown as KeysRef;
  const verified = new VerifiedTokens(new KeyCache(keys, () => new Date(nowMs)), ISSUER, size);
  return {
    claimsOf: (token: string) => verified.claimsOf(token),
    verifications: () => verifications,
    retireKey: () => {
      published = false;
      nowMs += FORGOTTEN_AFTER_MS;
    },
  };
}

test('a signature is verified once, and the claims are the same each time', async () => {
  const { claimsOf, verifications } = newVerified();
  const token = newToken();
  const claims = await claimsOf(token);
  expect(claims).toMatchObject({ iss: ISSUER, sub: 'subject', exp: 2 });
  for (let time = 0; time < 3; time += 1) expect(await claimsOf(token)).toEqual(claims);
  expect(verifications()).toBe(1);
});

test('a token that differs in one character is another', async () => {
  const { claimsOf, verifications } = newVerified();
  const token = newToken();
  await claimsOf(token);
  const changed = token.slice(0, -3) + (token.at(-3) === 'A' ? 'B' : 'A') + token.slice(-2);
  expect(await claimsOf(changed)).toBeUndefined();
  expect(await claimsOf(changed)).toBeUndefined();
  expect(verifications()).toBe(3);
});

test('what was verified counts no more once its key is no longer published', async () => {
  const { claimsOf, retireKey } = newVerified();
  const token = newToken();
  expect(await claimsOf(token)).toBeDefined();
  retireKey();
  expect(await claimsOf(token)).toBeUndefined();
});

test('neither an ID token nor the token of another issuer is an access token, however often it comes', async () => {
  const { claimsOf } = newVerified();
  for (const token of [
    newToken({ type: 'JWT' }),
    newToken({ issuer: 'https://other.example' }),
    'a.b.c',
    '',
  ]) {
    for (let time = 0; time < 2; time += 1) expect(await claimsOf(token)).toBeUndefined();
  }
});

test('the number of tokens that are remembered is bounded', async () => {
  const { claimsOf, verifications } = newVerified(2);
  const tokens = [newToken(), newToken(), newToken()];
  for (const token of tokens) await claimsOf(token);
  await claimsOf(tokens[2]!);
  expect(verifications()).toBe(3);
  await claimsOf(tokens[0]!);
  expect(verifications()).toBe(4);
});
