import { expect, test } from '@jest/globals';
import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { Sensitive } from '../../src/oauth/sensitive.ts';

const SECRET = 'the-secret-itself';
const sensitive = new Sensitive(SECRET);

test('a secret is revealed where it is asked for', () => {
  expect(sensitive.reveal()).toBe(SECRET);
});

test.each<[string, () => string]>([
  ['a template', () => `${sensitive as unknown as string}`],
  ['concatenation', () => 'x' + (sensitive as unknown as string)],
  ['String()', () => String(sensitive)],
  ['join', () => [sensitive, sensitive].join()],
  ['JSON', () => JSON.stringify({ nested: [sensitive] })],
  ['inspect', () => inspect({ nested: [sensitive] }, { depth: Infinity, showHidden: true })],
  ['inspect without custom texts', () => inspect(sensitive, { customInspect: false, showHidden: true })],
  ['format', () => format('%s %o %O %j %d', sensitive, sensitive, sensitive, sensitive, sensitive)],
  ['an error’s message', () => new Error(sensitive as unknown as string).message],
  ['an error’s cause', () => inspect(new Error('x', { cause: sensitive }))],
  ['its properties', () => JSON.stringify([Object.entries(sensitive), Object.assign({}, sensitive)])],
  ['a copy', () => inspect(structuredClone({ sensitive: Object.assign({}, sensitive) }))],
  [
    'a log',
    () => {
      let line = '';
      pino({}, { write: (text) => (line += text) }).info(
        { sensitive, nested: { sensitive } },
        '%s %o',
        sensitive as unknown as string,
        sensitive as unknown as object,
      );
      return line;
    },
  ],
])('%s shows nothing of it', (_, show) => {
  const shown = show();
  expect(shown).not.toContain(SECRET);
  expect(shown).not.toContain(SECRET.slice(0, 8));
});

test('it says that something is hidden', () => {
  expect(`${sensitive.toString()} ${JSON.stringify(sensitive)} ${inspect(sensitive)}`).toBe(
    '[sensitive] "[sensitive]" [sensitive]',
  );
});

test('it cannot be changed', () => {
  expect(() => Object.assign(sensitive, { reveal: () => 'other' })).toThrow(TypeError);
  expect(sensitive.reveal()).toBe(SECRET);
});
