import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivedKey } from './master-secret.ts';

/** Which refresh token of which grant: the generation counts the rotations, and only the latest is good. */
export interface RefreshTokenId {
  /** A UUID. */
  readonly grantId: string;
  readonly generation: number;
}

const KEY_ID_BYTES = 4;
const GRANT_BYTES = 16;
const GENERATION_BYTES = 4;
const MAC_BYTES = 32;
const BODY_BYTES = KEY_ID_BYTES + GRANT_BYTES + GENERATION_BYTES;
const TOKEN = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil(((BODY_BYTES + MAC_BYTES) * 4) / 3)}}$`);

/**
 * The refresh token of a grant's generation: key id, grant, generation and their HMAC, base64url.
 * The same generation always gives the same token, so a lost answer can be repeated and nothing secret is stored.
 */
export function encodeRefreshToken(key: DerivedKey, { grantId, generation }: RefreshTokenId): string {
  const body = Buffer.alloc(BODY_BYTES);
  body.write(key.id, 0, 'hex');
  body.write(grantId.replaceAll('-', ''), KEY_ID_BYTES, 'hex');
  body.writeUInt32BE(generation, KEY_ID_BYTES + GRANT_BYTES);
  return Buffer.concat([body, mac(key, body)]).toString('base64url');
}

/** What a presented refresh token names, or undefined if no key of ours made it: garbage costs no look-up. */
export function decodeRefreshToken(
  keys: readonly DerivedKey[],
  presented: string,
): RefreshTokenId | undefined {
  if (!TOKEN.test(presented)) return undefined;
  const bytes = Buffer.from(presented, 'base64url');
  // A second spelling of the same bytes is not the token that was issued.
  if (bytes.toString('base64url') !== presented) return undefined;
  const body = bytes.subarray(0, BODY_BYTES);
  const keyId = body.toString('hex', 0, KEY_ID_BYTES);
  const key = keys.find((candidate) => candidate.id === keyId);
  if (!key || !timingSafeEqual(bytes.subarray(BODY_BYTES), mac(key, body))) return undefined;
  const grant = body.toString('hex', KEY_ID_BYTES, KEY_ID_BYTES + GRANT_BYTES);
  return {
    grantId: grant.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    generation: body.readUInt32BE(KEY_ID_BYTES + GRANT_BYTES),
  };
}

function mac(key: DerivedKey, body: Buffer): Buffer {
  return createHmac('sha256', key.key).update(body).digest();
}
