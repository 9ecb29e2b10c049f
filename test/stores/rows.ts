import { randomUUID } from 'node:crypto';
import type { NewSession } from '../../src/actors/auth/store-sessions.ts';
import type { NewUser } from '../../src/actors/auth/store-users.ts';
import type { StoredCode } from '../../src/actors/auth/store-codes.ts';
import type { ClientRecord, ClientSecret } from '../../src/actors/client/store.ts';
import type { PageRequest } from '../../src/actors/paging.ts';
import type { NewAccessToken, NewGrant, Rotation } from '../../src/actors/token/store.ts';
import { hashSecret, newSecret } from '../../src/oauth/secret.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { systemSources } from '../../src/system-sources.ts';

const { randomBytes } = systemSources;

/** The moment at which these suites play, with a millisecond that must survive. */
export const NOW = new Date('2031-03-05T10:20:30.457Z');

/** Texts that an array literal, a statement or JSON would trip over if they were not escaped. */
export const AWKWARD_TEXTS = [
  'NULL',
  'null',
  '',
  '{}',
  '{a,b}',
  'a,b',
  '"quoted"',
  "it's",
  'back\\slash',
  '\\',
  '?',
  '$1',
  '%s',
  'two\nlines\ttab',
  ' spaces ',
  'žluťoučký 🐎',
  "'; drop table users; --",
];

/** Dates whose milliseconds a fraction of seconds in floating point would get wrong if it were cut and not rounded. */
export const AWKWARD_DATES = [1, 57, 123, 249, 457, 499, 501, 750, 999].map(
  (ms) => new Date(Date.UTC(2031, 2, 5, 10, 20, 30, ms)),
);

export function after(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}

export function newUser(overrides: Partial<NewUser> = {}): NewUser {
  const userId = randomUUID();
  return {
    userId,
    username: `user-${userId}`,
    passwordHash: 'a-hash',
    roles: [],
    email: null,
    emailVerified: false,
    name: null,
    createdAt: NOW,
    ...overrides,
  };
}

/** A session that is not seen for so long is not live. */
export const IDLE_SECONDS = 1800;

/** The version of a password that was set then. */
export function versionOf(passwordChangedAt: Date): string {
  return (passwordChangedAt.getTime() / 1000).toFixed(6);
}

/** A person's session that began at `NOW`, with the password that they were made with then. */
export function newSession(userId: string, overrides: Partial<NewSession> = {}): NewSession {
  return {
    userId,
    passwordVersion: versionOf(NOW),
    authenticatedAt: NOW,
    expiresAt: after(NOW, 3600),
    remoteAddress: '192.0.2.7',
    userAgent: 'A browser',
    ...overrides,
  };
}

export function newCode(overrides: Partial<StoredCode> = {}): StoredCode {
  return {
    codeHash: hashSecret(newSecret(randomBytes)),
    grantId: randomUUID(),
    clientId: 'a-client',
    userId: randomUUID(),
    redirectUri: 'https://app.example/callback',
    scope: ['openid', 'read'],
    codeChallenge: 'a-challenge',
    nonce: 'a-nonce',
    authenticatedAt: after(NOW, -60),
    issuedAt: NOW,
    expiresAt: after(NOW, 60),
    ...overrides,
  };
}

export function newClientSecret(presented = newSecret(randomBytes)): ClientSecret {
  return { id: randomUUID(), hash: hashSecret(presented), expiresAt: null };
}

export function newClient(
  overrides: Partial<ClientRecord['client']> = {},
  secrets: readonly ClientSecret[] = [newClientSecret()],
): ClientRecord {
  return {
    client: {
      clientId: randomBytes(16).toString('base64url'),
      clientName: 'A client',
      clientUri: null,
      redirectUris: ['https://app.example/callback'],
      grantTypes: ['authorization_code', 'refresh_token'],
      scope: ['openid', 'read'],
      tokenEndpointAuthMethod: 'client_secret_basic',
      idTokenSignedResponseAlg: 'RS256',
      firstParty: false,
      pkceRequired: true,
      createdAt: NOW,
      disabledAt: null,
      ...overrides,
    },
    secrets,
  };
}

export function newAccessToken(overrides: Partial<NewAccessToken> = {}): NewAccessToken {
  return {
    tokenId: randomUUID(),
    clientId: 'a-client',
    userId: null,
    grantId: null,
    scope: 'read',
    issuedAt: epochSeconds(NOW),
    expiresAt: epochSeconds(NOW) + 3600,
    ...overrides,
  };
}

export function newGrant(
  token: Partial<NewGrant['accessToken']> = {},
  overrides: Partial<NewGrant> = {},
): NewGrant {
  const ids = { grantId: randomUUID(), userId: randomUUID() };
  return {
    accessToken: { ...newAccessToken({ scope: 'openid read write' }), ...ids, ...token },
    refreshable: true,
    expiresAt: epochSeconds(NOW) + 86_400,
    ...overrides,
  };
}

/** The rotation of a grant's refresh token of a generation. */
export function rotationOf(
  { accessToken }: NewGrant,
  generation = 0,
  overrides: Partial<Rotation> = {},
): Rotation {
  const issuedAt = epochSeconds(NOW) + 60;
  return {
    grantId: accessToken.grantId,
    generation,
    clientId: accessToken.clientId,
    scope: null,
    tokenId: randomUUID(),
    issuedAt,
    rotatedAt: new Date(issuedAt * 1000),
    accessTokenExpiresAt: issuedAt + 3600,
    grantExpiresAt: issuedAt + 86_400,
    ...overrides,
  };
}

/** The first items of a list. */
export function first(limit: number): PageRequest {
  return { limit, after: null };
}
