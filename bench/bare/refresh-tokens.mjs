import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;
const BODY_BYTES = ID_BYTES + 4;
const KEY = createSecretKey(randomBytes(32));

export function newFamily() {
  return randomBytes(ID_BYTES);
}

/** The refresh token of a family's generation. */
export function refreshToken(family, generation) {
  const body = Buffer.alloc(BODY_BYTES);
  family.copy(body);
  body.writeUInt32BE(generation, ID_BYTES);
  return Buffer.concat([body, mac(body)]).toString('base64url');
}

/** The successor of a presented refresh token; undefined if it is none of ours. */
export function nextRefreshToken(presented) {
  const bytes = Buffer.from(presented, 'base64url');
  const body = bytes.subarray(0, BODY_BYTES);
  const isOurs = bytes.length === BODY_BYTES + 32 && timingSafeEqual(bytes.subarray(BODY_BYTES), mac(body));
  return isOurs ? refreshToken(body.subarray(0, ID_BYTES), body.readUInt32BE(ID_BYTES) + 1) : undefined;
}

function mac(body) {
  return createHmac('sha256', KEY).update(body).digest();
}
