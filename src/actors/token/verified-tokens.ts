import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessTokenClaims } from '../../oauth/claims.ts';
import { claimedKeyId, verifyJwt } from '../../oauth/jwt.ts';
import type { KeyCache } from './key-cache.ts';

interface Verified {
  readonly kid: string;
  readonly claims: AccessTokenClaims;
}

/**
 * Whose signatures were verified lately. Resource servers ask about the same token with each request they get, and verifying is
 * the dearest part of an answer. Whether a token expired or was revoked is not remembered: that is asked each time.
 */
export class VerifiedTokens {
  readonly #keys: KeyCache;
  readonly #issuer: string;
  /** By the token's hash: what is in memory gives nobody a token. */
  readonly #verified: LRUCache<string, Verified>;

  constructor(keys: KeyCache, issuer: string, size: number) {
    this.#keys = keys;
    this.#issuer = issuer;
    this.#verified = new LRUCache({ max: size });
  }

  /** The claims of an access token that we signed, expired or not; undefined for anything else. */
  async claimsOf(presented: string): Promise<AccessTokenClaims | undefined> {
    const id = hash('sha256', presented, 'base64url');
    const known = this.#verified.get(id);
    // What a key signed that is no longer published counts as signed by nobody.
    if (known) return (await this.#keys.verifier(known.kid)) ? known.claims : undefined;
    const kid = claimedKeyId(presented, 'at+jwt');
    const key = kid === undefined ? null : await this.#keys.verifier(kid);
    // Whatever our own key signed with this type has the shape that accessTokenClaims gave it.
    const claims = key ? (verifyJwt(presented, key) as AccessTokenClaims | undefined) : undefined;
    if (!key || claims?.iss !== this.#issuer) return undefined;
    this.#verified.set(id, { kid: key.kid, claims });
    return claims;
  }
}
