import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newClientId } from '../../src/oauth/client.ts';

test('a client id is 22 letters of base64url, and a new one each time', () => {
  const ids = Array.from({ length: 1000 }, () => newClientId(randomBytes));
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
});

test('no client id looks like an option of a command line', () => {
  const id = newClientId((size) => Buffer.alloc(size, 0xfb));
  expect(Buffer.alloc(16, 0xfb).toString('base64url')).toMatch(/^-/);
  expect(id).toMatch(/^_/);
});
