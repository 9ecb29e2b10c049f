import { describe, expect, test } from '@jest/globals';
import { arrayLiteral } from '../../src/database/array-literal.ts';
import { onEachBackend } from '../support/backends.ts';

const TEXTS = [
  '',
  'null',
  'NULL',
  ' around ',
  'a,b',
  '{}',
  '{"a"}',
  '"',
  '\\',
  '\\"',
  "'; drop table users; --",
  'line\nbreak\ttab',
  'ünïcode 😀',
];

describe('an array literal', () => {
  test('quotes every text', () => {
    expect(arrayLiteral(['a', '', 'null', null])).toBe('{"a","","null",NULL}');
    expect(arrayLiteral(['"', '\\'])).toBe('{"\\"","\\\\"}');
  });

  test('of nothing is empty', () => {
    expect(arrayLiteral([])).toBe('{}');
  });

  test('is not made of what it does not know', () => {
    for (const item of [undefined, Buffer.from('a'), ['a'], { a: 1 }, 1n]) {
      expect(arrayLiteral(['a', item])).toBeUndefined();
    }
  });
});

onEachBackend((backend) => {
  const echo = async (type: string, items: readonly unknown[]) => {
    const sql = `select ?::${type}[] as items`;
    const [queries] = backend.each((one) => one);
    const [row] = await queries.query<{ items: unknown[] }>({ name: `echo_${type}`, sql }, [items]);
    return row?.items;
  };

  test('texts come back from the database as they went there', async () => {
    expect(await echo('text', [...TEXTS, null])).toEqual([...TEXTS, null]);
    expect(await echo('text', [])).toEqual([]);
  });

  test('numbers, truth values and times too', async () => {
    const numbers = [0, -1.5, 1e-7, 1.7976931348623157e308, 1764000000.123, null];
    expect(await echo('float8', numbers)).toEqual(numbers);
    expect(await echo('bool', [true, false, null])).toEqual([true, false, null]);
    const times = [new Date(0), new Date('2026-11-25T03:04:05.678Z'), null];
    expect(await echo('timestamptz', times)).toEqual(times);
  });
});
