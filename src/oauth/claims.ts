import { createHash } from 'node:crypto';
import type { Scope } from './scope.ts';

/** The claims of an access token (RFC 9068 §2.2). Times in seconds since the epoch. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly scope: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

export interface AccessTokenFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  /** As it goes over the wire. */
  readonly scope: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly tokenId: string;
}

export function accessTokenClaims(facts: AccessTokenFacts): AccessTokenClaims {
  return {
    iss: facts.issuer,
    sub: facts.subject,
    aud: facts.issuer,
    client_id: facts.clientId,
    scope: facts.scope,
    iat: facts.issuedAt,
    exp: facts.expiresAt,
    jti: facts.tokenId,
  };
}

export interface IdTokenFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the person signed in, seconds since the epoch. */
  readonly authTime: number;
  readonly nonce: string | undefined;
  readonly accessToken: string;
}

/** The claims of an ID token (OpenID Connect Core §2). */
export function idTokenClaims(facts: IdTokenFacts): object {
  return {
    iss: facts.issuer,
    sub: facts.subject,
    aud: facts.clientId,
    iat: facts.issuedAt,
    exp: facts.expiresAt,
    auth_time: facts.authTime,
    at_hash: accessTokenHash(facts.accessToken),
    ...(facts.nonce === undefined ? {} : { nonce: facts.nonce }),
  };
}

/** The left half of the access token's hash; both our algorithms hash with SHA-256 (OpenID Connect Core §3.1.3.6). */
function accessTokenHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}

export interface UserFacts {
  readonly subject: string;
  readonly username: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
}

/** What the userinfo endpoint may tell under a scope (OpenID Connect Core §5.4); what is not known is left out. */
export function userinfoClaims(user: UserFacts, scope: Scope): Readonly<Record<string, unknown>> {
  return {
    sub: user.subject,
    ...(scope.includes('profile') && { preferred_username: user.username }),
    ...(scope.includes('profile') && user.name !== null && { name: user.name }),
    ...(scope.includes('email') &&
      user.email !== null && { email: user.email, email_verified: user.emailVerified }),
  };
}
