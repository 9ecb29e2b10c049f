import { expect, test } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { deriveKeys, type KeyPurpose } from '../../src/oauth/master-secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

const PURPOSES: readonly KeyPurpose[] = ['refresh-token', 'signing-key-encryption', 'csrf'];
const secrets = (...texts: string[]) => texts.map((text) => new Sensitive(text));

/** The keys with their bytes, which a comparison of KeyObjects would not look at. */
const derive = (texts: readonly string[], purpose: KeyPurpose) =>
  deriveKeys(secrets(...texts), purpose).map(({ id, key }) => ({ id, key: key.export() }));

/** HKDF in its own words (RFC 5869 §2), for 32 bytes of SHA-256: one block. */
function hkdf(secret: string, info: string): Buffer {
  const pseudoRandomKey = createHmac('sha256', 'stagedoor').update(secret).digest();
  return createHmac('sha256', pseudoRandomKey)
    .update(Buffer.concat([Buffer.from(info), Buffer.from([1])]))
    .digest();
}

test.each(PURPOSES)('the key for %s is HKDF-SHA-256 of the secret, and stays what it is', (purpose) => {
  const [{ id, key } = {}] = derive(['a master secret'], purpose);
  expect(key).toEqual(hkdf('a master secret', purpose));
  expect(id).toBe(createHash('sha256').update(hkdf('a master secret', 'key id')).digest('hex').slice(0, 8));
});

test('each purpose has a key of its own; the id names the secret, not the purpose', () => {
  const keys = PURPOSES.flatMap((purpose) => derive(['a master secret'], purpose));
  expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(PURPOSES.length);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  for (const { id, key } of keys) {
    expect(key).toHaveLength(32);
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect(key.toString('hex')).not.toContain(id);
  }
});

test('other secrets have other keys and ids, however alike they are', () => {
  const texts = ['secret', 'Secret', 'secret ', 'secre', 'secret\0'];
  const keys = derive(texts, 'csrf');
  expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(texts.length);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(texts.length);
});

test('the list keeps its order: the first secret makes, and each key depends on its own secret alone', () => {
  const [a, b] = derive(['a', 'b'], 'refresh-token');
  expect(derive(['b', 'a'], 'refresh-token')).toEqual([b, a]);
  expect(derive(['a'], 'refresh-token')).toEqual([a]);
});

test('without a secret there is no key', () => {
  expect(() => deriveKeys([], 'csrf')).toThrow('at least one master secret');
});
