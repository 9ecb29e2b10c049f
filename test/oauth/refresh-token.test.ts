import { expect, test } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { deriveKeys } from '../../src/oauth/master-secret.ts';
import { decodeRefreshToken, encodeRefreshToken } from '../../src/oauth/refresh-token.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { SeededRandom } from '../support/random.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const keysOf = (...texts: string[]) =>
  deriveKeys(
    texts.map((text) => new Sensitive(text)),
    'refresh-token',
  );
const keys = keysOf('new secret', 'old secret');
const [key, oldKey] = keys as [(typeof keys)[0], (typeof keys)[0]];
const id = { grantId: '0123abcd-4567-89ab-cdef-0123456789ab', generation: 5 };
const token = encodeRefreshToken(key, id);

test('a token names its grant and generation again', () => {
  const random = new SeededRandom(9);
  const generations = [0, 1, 2, 255, 256, 2 ** 31, 2 ** 32 - 1];
  for (let round = 0; round < 100; round += 1) {
    const generation = generations[round] ?? random.integer(2 ** 32);
    const named = { grantId: randomUUID(), generation };
    expect(decodeRefreshToken(keys, encodeRefreshToken(key, named))).toEqual(named);
  }
});

test('a generation always has the same token, and no two generations, grants or keys share one', () => {
  expect(encodeRefreshToken(key, id)).toBe(token);
  const others = [
    encodeRefreshToken(key, { ...id, generation: 6 }),
    encodeRefreshToken(key, { ...id, grantId: id.grantId.replace('0', '1') }),
    encodeRefreshToken(oldKey, id),
  ];
  expect(new Set([token, ...others]).size).toBe(4);
});

test('the token is key id, grant, generation and their HMAC-SHA-256, in 75 characters', () => {
  const bytes = Buffer.from(token, 'base64url');
  const body = Buffer.from(`${key.id}${id.grantId.replaceAll('-', '')}00000005`, 'hex');
  expect(bytes).toEqual(Buffer.concat([body, createHmac('sha256', key.key).update(body).digest()]));
  expect(token).toMatch(/^[A-Za-z0-9_-]{75}$/);
});

test('a generation that does not fit is never given a token', () => {
  for (const generation of [-1, 2 ** 32]) {
    expect(() => encodeRefreshToken(key, { ...id, generation })).toThrow('out of range');
  }
});

test('a token with any bit flipped is refused', () => {
  const bytes = Buffer.from(token, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeRefreshToken(keys, flipped.toString('base64url'))).toBeUndefined();
  }
});

test('a token with any character changed is refused, other spellings of the same bytes included', () => {
  for (let at = 0; at < token.length; at += 1) {
    for (const character of BASE64URL) {
      if (character === token[at]) continue;
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(decodeRefreshToken(keys, changed)).toBeUndefined();
    }
  }
});

test('the same bytes spelled otherwise are not the token that was issued', () => {
  // One whose spelling in plain base64 differs.
  const special = Array.from({ length: 200 }, (_, generation) =>
    encodeRefreshToken(key, { ...id, generation }),
  ).find((each) => /[-_]/.test(each))!;
  const bytes = Buffer.from(special, 'base64url');
  const spellings = [
    bytes.toString('base64'),
    special.replaceAll('-', '+').replaceAll('_', '/'),
    `${special}=`,
    `${special}A`,
    ` ${special}`,
    `${special}\n`,
    `${special.slice(0, 10)} ${special.slice(10)}`,
    bytes.toString('hex'),
  ];
  for (const spelling of spellings) {
    expect(decodeRefreshToken(keys, spelling)).toBeUndefined();
  }
  // 56 bytes leave two unused bits in the last character; only zeros there are the token.
  const last = BASE64URL.indexOf(special.at(-1)!);
  for (const unused of [1, 2, 3]) {
    const other = special.slice(0, -1) + BASE64URL[last + unused]!;
    expect(Buffer.from(other, 'base64url')).toEqual(bytes);
    expect(decodeRefreshToken(keys, other)).toBeUndefined();
  }
});

test('each key of the list verifies what it made, in whatever order the list is', () => {
  const made = [key, oldKey].map((each) => encodeRefreshToken(each, id));
  for (const list of [keys, [oldKey, key]]) {
    for (const each of made) expect(decodeRefreshToken(list, each)).toEqual(id);
  }
  expect(decodeRefreshToken([oldKey], made[0]!)).toBeUndefined();
  expect(decodeRefreshToken([key], made[1]!)).toBeUndefined();
});

test('a token of a key that is not in the list, or that only has its id, is refused', () => {
  const [stranger] = keysOf('a stranger’s secret');
  expect(decodeRefreshToken(keys, encodeRefreshToken(stranger, id))).toBeUndefined();
  expect(decodeRefreshToken(keys, encodeRefreshToken({ ...stranger, id: key.id }, id))).toBeUndefined();
  expect(decodeRefreshToken([], token)).toBeUndefined();
});

test('a key made for another purpose does not make refresh tokens', () => {
  const [csrf] = deriveKeys([new Sensitive('new secret')], 'csrf');
  expect(csrf.id).toBe(key.id);
  expect(decodeRefreshToken(keys, encodeRefreshToken(csrf, id))).toBeUndefined();
});

test('garbage is refused', () => {
  const random = new SeededRandom(11);
  const garbage = [
    '',
    'x',
    'é'.repeat(75),
    'A'.repeat(74),
    'A'.repeat(76),
    `${'A'.repeat(74)}=`,
    '\0'.repeat(75),
  ];
  for (let round = 0; round < 500; round += 1) garbage.push(random.text(BASE64URL, 75));
  for (const text of garbage) expect(decodeRefreshToken(keys, text)).toBeUndefined();
});
