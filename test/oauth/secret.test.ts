import { expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { equalHashes, equalTexts, hashSecret, newSecret } from '../../src/oauth/secret.ts';
import { SeededRandom } from '../support/random.ts';

test('a new secret is 256 random bits, and all of them count', () => {
  const asked: number[] = [];
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));
  const secret = newSecret((size) => {
    asked.push(size);
    return bytes;
  });
  expect(asked).toEqual([32]);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(Buffer.from(secret, 'base64url')).toEqual(bytes);
  expect(new Set(Array.from({ length: 100 }, () => newSecret(randomBytes))).size).toBe(100);
});

test('the hash is SHA-256 of the secret as it is presented', () => {
  expect(hashSecret('abc').toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(hashSecret('pässwörd')).toEqual(createHash('sha256').update('pässwörd', 'utf8').digest());
});

test('hashes are equal when every byte is, whatever their lengths', () => {
  const hash = hashSecret('secret');
  expect(equalHashes(hash, hashSecret('secret'))).toBe(true);
  expect(equalHashes(hash, hashSecret('Secret'))).toBe(false);
  for (let at = 0; at < hash.length; at += 1) {
    const other = Buffer.from(hash) as typeof hash;
    other[at]! ^= 1;
    expect(equalHashes(hash, other)).toBe(false);
  }
  const empty = Buffer.alloc(0) as typeof hash;
  expect(equalHashes(hash, empty)).toBe(false);
  expect(equalHashes(hash, hash.subarray(0, 31) as typeof hash)).toBe(false);
});

test('texts are equal when they are the same, whatever their lengths', () => {
  const random = new SeededRandom(1);
  for (let round = 0; round < 200; round += 1) {
    const text = random.text('abcäöü😀 ', random.integer(50));
    expect(equalTexts(text, text)).toBe(true);
    expect(equalTexts(text, `${text}x`)).toBe(false);
    expect(equalTexts(`x${text}`, text)).toBe(false);
  }
  expect(equalTexts('', '')).toBe(true);
});

test('a code’s hash cannot be passed as a session’s', () => {
  const code = hashSecret<'authorization code'>('secret');
  // @ts-expect-error the kinds differ
  expect(equalHashes<'session'>(code, code)).toBe(true);
  // @ts-expect-error a secret is not its hash
  expect(() => equalHashes<'session'>('secret', 'secret')).toThrow();
});
