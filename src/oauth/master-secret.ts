import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Sensitive } from './sensitive.ts';

/** What a derived key is for; a key made for one purpose is useless for another. */
export type KeyPurpose = 'refresh-token' | 'signing-key-encryption' | 'csrf';

/** One derived key with the id of the master secret that it comes from. */
export interface DerivedKey {
  /** Eight hex digits that name the master secret and reveal nothing of it. */
  readonly id: string;
  /** Node computes with it in less time than with its bytes, which it would look into anew each time. */
  readonly key: KeyObject;
}

/** Derives 256-bit keys for one purpose from the master secrets: the first makes, all verify (HKDF, RFC 5869). */
export function deriveKeys(
  secrets: readonly Sensitive[],
  purpose: KeyPurpose,
): readonly [DerivedKey, ...DerivedKey[]] {
  const [first, ...others] = secrets.map((secret) => derive(secret.reveal(), purpose));
  if (!first) throw new Error('at least one master secret is needed');
  return [first, ...others];
}

function derive(secret: string, purpose: KeyPurpose): DerivedKey {
  const expand = (info: string) => Buffer.from(hkdfSync('sha256', secret, 'stagedoor', info, 32));
  return {
    id: createHash('sha256').update(expand('key id')).digest('hex').slice(0, 8),
    key: createSecretKey(expand(purpose)),
  };
}
