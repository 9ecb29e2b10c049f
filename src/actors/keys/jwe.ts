import { createDecipheriv, type KeyObject } from 'node:crypto';
import type { DerivedKey } from '../../oauth/master-secret.ts';

const TAG_BYTES = 16;

interface Header {
  readonly alg?: unknown;
  readonly enc?: unknown;
  readonly kid?: unknown;
  readonly iv?: unknown;
  readonly tag?: unknown;
}

/**
 * Opens a compact JWE that was made with one of the keys (RFC 7516 §5.2; A256GCMKW and A256GCM of RFC 7518). By node:crypto:
 * every start opens the signing keys, and a JOSE library takes longer to load than all else that is done until then. Throws
 * where no key opens it.
 */
export function openJwe(jwe: string, keys: readonly DerivedKey[]): Buffer {
  const [header = '', wrappedKey = '', iv = '', ciphertext = '', tag = '', ...more] = jwe.split('.');
  const { alg, enc, kid, ...wrapping } = JSON.parse(bytes(header).toString()) as Header;
  if (alg !== 'A256GCMKW' || enc !== 'A256GCM' || more.length > 0) throw new Error('not a JWE of ours');
  const key = keys.find(({ id }) => id === kid)?.key;
  if (!key) throw new Error('the JWE was made with another key');
  const contentKey = decrypt(key, bytes(wrapping.iv), bytes(wrappedKey), bytes(wrapping.tag));
  return decrypt(contentKey, bytes(iv), bytes(ciphertext), bytes(tag), Buffer.from(header, 'ascii'));
}

function decrypt(
  key: KeyObject | Buffer,
  iv: Buffer,
  ciphertext: Buffer,
  tag: Buffer,
  authenticated?: Buffer,
): Buffer {
  // A shorter tag would be easier to forge, so its length is fixed.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  if (authenticated) decipher.setAAD(authenticated);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function bytes(text: unknown): Buffer {
  if (typeof text !== 'string') throw new Error('not a JWE of ours');
  return Buffer.from(text, 'base64url');
}
