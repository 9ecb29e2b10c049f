import { createHash, timingSafeEqual } from 'node:crypto';

const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;
const S256_CHALLENGE = /^[A-Za-z0-9\-_]{43}$/;

/** Whether the text can be a code_challenge of method S256: base64url of a SHA-256 (RFC 7636 §4.2). */
export function isCodeChallenge(text: string): boolean {
  return S256_CHALLENGE.test(text);
}

/** Whether the verifier is the one that the S256 challenge was made from (RFC 7636 §4.6). */
export function verifierMatches(codeVerifier: string, codeChallenge: string): boolean {
  if (!VERIFIER.test(codeVerifier)) return false;
  const expected = Buffer.from(codeChallenge);
  const actual = Buffer.from(createHash('sha256').update(codeVerifier).digest('base64url'));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
