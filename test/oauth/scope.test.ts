import { expect, test } from '@jest/globals';
import { InvalidScope } from '../../src/oauth/errors.ts';
import {
  DEFAULT_SCOPE,
  exactScope,
  formatScope,
  isAdminScope,
  isWithin,
  narrowScope,
  parseScope,
} from '../../src/oauth/scope.ts';
import { SeededRandom } from '../support/random.ts';

/** Every character that RFC 6749 §3.3 allows in a scope token: all of printable ASCII but space, " and \. */
const ALLOWED = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index))
  .filter((character) => character !== '"' && character !== '\\')
  .join('');

test.each([
  ['', []],
  [' ', []],
  ['read', ['read']],
  ['write read', ['write', 'read']],
  ['read read write read', ['read', 'write']],
  ['  read   write ', ['read', 'write']],
  ['https://api.example/read urn:x:y a:b/c?d', ['https://api.example/read', 'urn:x:y', 'a:b/c?d']],
  ['Read read', ['Read', 'read']],
  [ALLOWED, [ALLOWED]],
])('%j is parsed', (text, scope) => {
  expect(parseScope(text)).toEqual(scope);
});

test.each(['a"b', 'a\\b', 'a\tb', 'a\nb', 'a\0b', 'é', 'a\u00a0b', 'a\u2028b', '\x7f', 'a'.repeat(129)])(
  '%j is malformed',
  (text) => {
    expect(() => parseScope(text)).toThrow(InvalidScope);
    expect(() => parseScope(`read ${text}`)).toThrow(InvalidScope);
  },
);

test('a scope has at most 64 tokens, each counted once', () => {
  const tokens = Array.from({ length: 64 }, (_, index) => `s${index}`);
  expect(parseScope([...tokens, ...tokens].join(' '))).toEqual(tokens);
  expect(() => parseScope([...tokens, 'one-more'].join(' '))).toThrow(InvalidScope);
});

test('what is written can be read again', () => {
  const random = new SeededRandom(6749);
  for (let round = 0; round < 200; round += 1) {
    const scope = [
      ...new Set(
        Array.from({ length: random.integer(20) }, () => random.text(ALLOWED, 1 + random.integer(12))),
      ),
    ];
    expect(parseScope(formatScope(scope))).toEqual(scope);
  }
});

test.each([
  [[], ['read'], true],
  [['read'], ['read', 'write'], true],
  [['write', 'read'], ['read', 'write'], true],
  [['read', 'delete'], ['read', 'write'], false],
  [['READ'], ['read'], false],
  [['read'], [], false],
])('%j within %j: %j', (scope, within, expected) => {
  expect(isWithin(scope, within)).toBe(expected);
});

test.each([
  ['admin', true],
  ['admin:clients', true],
  ['admin:', true],
  ['administrator', false],
  ['Admin', false],
  ['read:admin', false],
])('%s opens the admin API: %j', (token, expected) => {
  expect(isAdminScope(token)).toBe(expected);
});

test('nothing that a client gets by default opens the admin API', () => {
  expect(DEFAULT_SCOPE.some(isAdminScope)).toBe(false);
});

test('a person is asked about what was requested and can be had, in the order of the request', () => {
  const allowed = ['openid', 'profile', 'read'];
  expect(narrowScope(['read', 'openid'], allowed)).toEqual(['read', 'openid']);
  expect(narrowScope(['read', 'delete', 'openid'], allowed)).toEqual(['read', 'openid']);
  expect(narrowScope(undefined, allowed)).toEqual(allowed);
  for (const requested of [['delete'], []]) {
    expect(() => narrowScope(requested, allowed)).toThrow(InvalidScope);
  }
  expect(() => narrowScope(undefined, [])).toThrow(InvalidScope);
});

test('a machine gets exactly what it asked for, or a refusal', () => {
  const allowed = ['read', 'write'];
  expect(exactScope(['write'], allowed)).toEqual(['write']);
  expect(exactScope(undefined, allowed)).toEqual(allowed);
  expect(() => exactScope(['write', 'delete'], allowed)).toThrow(InvalidScope);
  expect(() => exactScope(['delete'], [])).toThrow(InvalidScope);
});
