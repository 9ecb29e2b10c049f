import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { accessTokenClaims, idTokenClaims, userinfoClaims, type UserFacts } from '../../src/oauth/claims.ts';

const ID_FACTS = {
  issuer: 'https://issuer.example',
  subject: 'user-1',
  clientId: 'client-1',
  issuedAt: 1000,
  expiresAt: 4600,
  authTime: 900,
  nonce: 'n-0S6_WzA2Mj',
  accessToken: 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y',
};

test('an access token has the claims of RFC 9068, and no other', () => {
  expect(
    accessTokenClaims({
      issuer: 'https://issuer.example',
      subject: 'user-1',
      clientId: 'client-1',
      scope: 'openid read',
      issuedAt: 1000,
      expiresAt: 4600,
      tokenId: 'token-1',
    }),
  ).toEqual({
    iss: 'https://issuer.example',
    sub: 'user-1',
    aud: 'https://issuer.example',
    client_id: 'client-1',
    scope: 'openid read',
    iat: 1000,
    exp: 4600,
    jti: 'token-1',
  });
});

test('an ID token is for the client, and bound to its nonce and to the access token beside it', () => {
  expect(idTokenClaims(ID_FACTS)).toEqual({
    iss: 'https://issuer.example',
    sub: 'user-1',
    aud: 'client-1',
    iat: 1000,
    exp: 4600,
    auth_time: 900,
    nonce: 'n-0S6_WzA2Mj',
    at_hash: '77QmUPtjPfzWtF2AnpK9RQ', // OpenID Connect Core, appendix A.3.
  });
});

test('the at_hash is the left half of the hash, whatever the token', () => {
  for (const accessToken of ['a', 'eyJ.eyJ.abc', 'x'.repeat(3000)]) {
    const hash = createHash('sha256').update(accessToken, 'ascii').digest('hex');
    const { at_hash } = idTokenClaims({ ...ID_FACTS, accessToken }) as { at_hash: string };
    expect(Buffer.from(at_hash, 'base64url').toString('hex')).toBe(hash.slice(0, 32));
  }
});

test('without a nonce in the request there is none in the ID token', () => {
  expect(Object.keys(idTokenClaims({ ...ID_FACTS, nonce: undefined }))).not.toContain('nonce');
});

const USER: UserFacts = {
  subject: 'user-1',
  username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  emailVerified: false,
};

test.each([
  [['openid'], { sub: 'user-1' }],
  [['openid', 'read', 'address', 'Email'], { sub: 'user-1' }],
  [['openid', 'profile'], { sub: 'user-1', preferred_username: 'ada', name: 'Ada Lovelace' }],
  [['openid', 'email'], { sub: 'user-1', email: 'ada@example.com', email_verified: false }],
  [
    ['email', 'profile'],
    {
      sub: 'user-1',
      preferred_username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      email_verified: false,
    },
  ],
])('under the scope %j the userinfo endpoint tells %j', (scope, claims) => {
  expect(userinfoClaims(USER, scope)).toEqual(claims);
});

test('what is not known of a person is left out, not told as null', () => {
  const unknown = { ...USER, name: null, email: null };
  expect(userinfoClaims(unknown, ['openid', 'profile', 'email'])).toEqual({
    sub: 'user-1',
    preferred_username: 'ada',
  });
  expect(userinfoClaims({ ...USER, emailVerified: true }, ['email'])).toMatchObject({ email_verified: true });
});
