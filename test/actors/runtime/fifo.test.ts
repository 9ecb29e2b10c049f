import { expect, test } from '@jest/globals';
import { Fifo } from '../../../src/actors/runtime/fifo.ts';
import { SeededRandom } from '../../support/random.ts';

test('items leave in the order they came, however the queue grows and shrinks', () => {
  const random = new SeededRandom(3);
  const fifo = new Fifo<number>();
  let pushed = 0;
  let shifted = 0;
  const wrong: unknown[] = [];
  // Long runs of one kind, so that it grows to thousands and is empty now and then.
  for (let round = 0; round < 400; round += 1) {
    const growing = random.fraction() < 0.5;
    for (let step = random.integer(600); step > 0; step -= 1) {
      if (growing) {
        fifo.push(pushed);
        pushed += 1;
      } else {
        const expected = shifted < pushed ? shifted : undefined;
        const item = fifo.shift();
        if (item !== expected) wrong.push([item, expected]);
        if (expected !== undefined) shifted += 1;
      }
    }
    if (fifo.length !== pushed - shifted) wrong.push([fifo.length, pushed - shifted]);
  }
  expect(wrong).toEqual([]);
  expect(pushed).toBeGreaterThan(20_000);
});

test('a cleared queue is empty and can be used again', () => {
  const fifo = new Fifo<string>();
  fifo.push('old');
  fifo.clear();
  expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
  fifo.push('new');
  expect([fifo.length, fifo.shift(), fifo.shift(), fifo.length]).toEqual([1, 'new', undefined, 0]);
});
