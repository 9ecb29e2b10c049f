import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { derSignature, joseSignature } from '../../dist/src/oauth/ecdsa-signature.js';

const LIFETIME_SECONDS = 3600;
const SCOPE = 'read write';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyId = randomUUID();
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: keyId });
const revoked = new Set();

/** The answer of the token endpoint, with a new access token. */
export function issueToken(issuer, clientId, subject) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    sub: subject,
    aud: issuer,
    client_id: clientId,
    scope: SCOPE,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    jti: randomUUID(),
  };
  const input = `${header}.${encode(claims)}`;
  // As Stagedoor does: a ceiling that can be lowered by asking Node in a slow way would be none.
  const signature = joseSignature(sign('sha256', Buffer.from(input), privateKey));
  return {
    access_token: `${input}.${signature.toString('base64url')}`,
    token_type: 'Bearer',
    expires_in: LIFETIME_SECONDS,
    scope: SCOPE,
  };
}

/** The answer of the introspection endpoint. */
export function introspectToken(token) {
  const claims = verifiedClaims(token);
  if (!claims || claims.exp * 1000 <= Date.now() || revoked.has(claims.jti)) return { active: false };
  return { active: true, ...claims, token_type: 'Bearer' };
}

/** The answer of the revocation endpoint. */
export function revokeToken(token) {
  const claims = verifiedClaims(token);
  if (claims) revoked.add(claims.jti);
  return {};
}

/** What its tokens are verified with, as a JWK. */
export function verificationKey() {
  return { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: keyId };
}

function verifiedClaims(token) {
  const [head, body, mark] = token.split('.');
  const signature = derSignature(Buffer.from(mark ?? '', 'base64url'));
  if (!signature || !verify('sha256', Buffer.from(`${head}.${body}`), publicKey, signature)) return undefined;
  return JSON.parse(Buffer.from(body, 'base64url').toString());
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
