import { expect, test } from '@jest/globals';
import { InvalidRequest } from '../../src/oauth/errors.ts';
import { parseParameters, required } from '../../src/oauth/parameters.ts';
import { SeededRandom } from '../support/random.ts';

const parsed = (text: string) => Object.fromEntries(parseParameters(text));

test.each([
  ['', {}],
  ['a=1', { a: '1' }],
  ['a=1&b=2', { a: '1', b: '2' }],
  ['?a=1', { a: '1' }],
  ['a=1&&b=2&', { a: '1', b: '2' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=b+c%20d%2Be', { a: 'b c d+e' }],
  ['%61=1', { a: '1' }],
  ['a=%C3%BC', { a: 'ü' }],
  ['a=&b', {}],
  ['A=1&a=2', { A: '1', a: '2' }],
  ['toString=1&constructor=2', { toString: '1', constructor: '2' }],
])('%j is read', (text, expected) => {
  expect(parsed(text)).toEqual(expected);
});

test('a name that means something to JavaScript is a name like any other', () => {
  const parameters = parseParameters('__proto__=x');
  expect(parameters.get('__proto__')).toBe('x');
  expect(parseParameters('').has('toString')).toBe(false);
});

test.each(['a=1&a=2', 'a=1&a=1', 'a=1&b=2&a=3', 'a=1&%61=2', '=1&=2', 'resource=x&a=1&a=1'])(
  '%j repeats a parameter and is refused',
  (text) => {
    expect(() => parseParameters(text)).toThrow(InvalidRequest);
  },
);

test('a parameter without a value counts as omitted, beside one with a value too', () => {
  expect(parsed('a=&a=1')).toEqual({ a: '1' });
  expect(parsed('a=1&a=')).toEqual({ a: '1' });
});

test('only the resource may be named more than once', () => {
  expect(parsed('resource=x&resource=y&a=1')).toMatchObject({ a: '1' });
  expect(() => parseParameters('resources=x&resources=y')).toThrow(InvalidRequest);
});

test.each(['a=%00', 'a=x%00y', 'a%00=1', '%00='])('%j contains a NUL and is refused', (text) => {
  expect(() => parseParameters(text)).toThrow(InvalidRequest);
});

test('whatever bytes arrive, they are read or refused, and read as they were meant', () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 300; round += 1) {
    const given = new Map(
      Array.from({ length: random.integer(8) }, () => [
        random.text('ab&=%+ ü😀', 1 + random.integer(5)),
        random.text('ab&=%+ ü😀"\\', 1 + random.integer(9)),
      ]),
    );
    expect(parseParameters(new URLSearchParams([...given]).toString())).toEqual(given);
    expect(() => parseParameters(random.text('ab%&=0F+', 30))).not.toThrow(TypeError);
  }
});

test('a parameter that must be there is named when it is not', () => {
  const parameters = parseParameters('code=x&state=');
  expect(required(parameters, 'code')).toBe('x');
  expect(() => required(parameters, 'state')).toThrow(new InvalidRequest('The parameter state is missing'));
});
