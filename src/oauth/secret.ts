import { hash, timingSafeEqual } from 'node:crypto';
import type { Sources } from './sources.ts';

declare const kind: unique symbol;

/** The SHA-256 of a machine-made secret; the kind keeps a code's hash from being passed as a session's. */
export type SecretHash<Kind extends string> = Buffer & { readonly [kind]: Kind };

export type CodeHash = SecretHash<'authorization code'>;
export type SessionHash = SecretHash<'session'>;
export type ClientSecretHash = SecretHash<'client secret'>;

/** A new secret of 256 random bits, base64url. */
export function newSecret(randomBytes: Sources['randomBytes']): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The hash under which a machine-made secret is stored. A fast hash is enough for 256 random bits:
 * there is nothing to guess, and a slow one would cap the token endpoint.
 */
export function hashSecret<Kind extends string>(presented: string): SecretHash<Kind> {
  return hash('sha256', presented, 'buffer') as unknown as SecretHash<Kind>;
}

/** Compares two hashes without telling by its time how much of them agrees. */
export function equalHashes<Kind extends string>(a: SecretHash<Kind>, b: SecretHash<Kind>): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Compares two presented texts in constant time, whatever their lengths. */
export function equalTexts(a: string, b: string): boolean {
  return equalHashes(hashSecret(a), hashSecret(b));
}
