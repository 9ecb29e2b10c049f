import { expect, test } from '@jest/globals';
import { createBatcher } from '../../../src/actors/runtime/batch.ts';
import { TemporarilyUnavailable } from '../../../src/oauth/errors.ts';
import { errorOf, newGate, sleep, turns, type Gate } from '../../support/actors.ts';
import { SeededRandom } from '../../support/random.ts';

/** A statement that was sent and waits for the test to answer it; it answers each item with its tenfold. */
interface Sent {
  readonly items: readonly number[];
  readonly gate: Gate;
}

function heldBatcher(limits: { maxSize: number; concurrency: number }) {
  const sent: Sent[] = [];
  const sizes: number[] = [];
  const add = createBatcher<number, number>({
    ...limits,
    run: async (items) => {
      const gate = newGate();
      sent.push({ items, gate });
      await gate.promise;
      return items.map((item) => item * 10);
    },
    onSend: (size) => sizes.push(size),
  });
  return { add, sent, sizes };
}

test('an idle batcher waits for no timer: what one turn of the event loop brings is sent as it ends', async () => {
  const { add, sent, sizes } = heldBatcher({ maxSize: 10, concurrency: 1 });
  const results = [add(1), add(2), add(3)];
  await turns(1);
  expect(sent.map(({ items }) => items)).toEqual([[1, 2, 3]]);
  expect(sizes).toEqual([3]);
  sent[0]!.gate.open();
  expect(await Promise.all(results)).toEqual([10, 20, 30]);
});

test('what arrives while a statement is in flight is gathered and sent as one when it returns', async () => {
  const { add, sent, sizes } = heldBatcher({ maxSize: 10, concurrency: 1 });
  const results = [add(1)];
  await turns();
  results.push(add(2), add(3));
  await turns();
  results.push(add(4));
  await turns();
  expect(sent.map(({ items }) => items)).toEqual([[1]]);
  sent[0]!.gate.open();
  expect(await results[0]).toBe(10);
  await turns();
  expect(sent.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
  sent[1]!.gate.open();
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40]);
  expect(sizes).toEqual([1, 3]);

  const later = add(5);
  await turns();
  expect(sent[2]!.items).toEqual([5]);
  sent[2]!.gate.open();
  expect(await later).toBe(50);
});

test('a statement holds no more than its bound, and what is over goes with the next, first come first sent', async () => {
  const { add, sent, sizes } = heldBatcher({ maxSize: 4, concurrency: 1 });
  const results = Array.from({ length: 11 }, (_, item) => add(item));
  await turns();
  for (let next = 0; next < sent.length; next += 1) {
    sent[next]!.gate.open();
    await turns();
  }
  expect(sent.map(({ items }) => items)).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9, 10],
  ]);
  expect(sizes).toEqual([4, 4, 3]);
  expect(await Promise.all(results)).toEqual(Array.from({ length: 11 }, (_, item) => item * 10));
});

test('as many statements as allowed are in flight, and each that returns makes room for one more', async () => {
  const { add, sent } = heldBatcher({ maxSize: 10, concurrency: 2 });
  const results = [];
  for (const item of [1, 2, 3, 4]) {
    results.push(add(item));
    await turns();
  }
  expect(sent.map(({ items }) => items)).toEqual([[1], [2]]);
  sent[1]!.gate.open();
  expect(await results[1]).toBe(20);
  await turns();
  expect(sent.map(({ items }) => items)).toEqual([[1], [2], [3, 4]]);
  results.push(add(5));
  await turns();
  expect(sent).toHaveLength(3);
  sent[0]!.gate.open();
  await turns();
  expect(sent[3]!.items).toEqual([5]);
  for (const { gate } of sent) gate.open();
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50]);
});

test('what is more than one statement holds is spread over those that may be in flight', async () => {
  const { add, sent } = heldBatcher({ maxSize: 2, concurrency: 2 });
  const results = [1, 2, 3, 4, 5].map((item) => add(item));
  await turns();
  expect(sent.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  sent[1]!.gate.open();
  await turns();
  expect(sent[2]!.items).toEqual([5]);
  for (const { gate } of sent) gate.open();
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50]);
});

/** A store that refuses a statement as a whole if a poisoned item is in it, and otherwise writes it down. */
function poisonedBatcher(poisoned: ReadonlySet<number>, size: number) {
  const statements: (readonly number[])[] = [];
  const stored: number[] = [];
  const add = createBatcher<number, number>({
    maxSize: size,
    concurrency: 1,
    run: async (items) => {
      statements.push(items);
      await turns(1);
      const bad = items.filter((item) => poisoned.has(item));
      if (bad.length > 0) throw new Error(`poisoned: ${bad.join()}`);
      stored.push(...items);
      return items.map((item) => item * 10);
    },
  });
  return { add, statements, stored };
}

test.each([0, 1, 31, 32, 62, 63])('one poisoned row of 64, the one at %d, fails alone', async (position) => {
  const { add, statements, stored } = poisonedBatcher(new Set([position]), 64);
  const outcomes = await Promise.allSettled(Array.from({ length: 64 }, (_, item) => add(item)));
  outcomes.forEach((outcome, item) => {
    if (item !== position) expect(outcome).toEqual({ status: 'fulfilled', value: item * 10 });
    else expect(outcome).toMatchObject({ reason: { message: `poisoned: ${position}` } });
  });
  expect(stored).toEqual([
    ...Array.from({ length: 64 }, (_, item) => item).filter((item) => item !== position),
  ]);
  // The whole, and two halves at each of six levels: not one statement per row.
  expect(statements).toHaveLength(1 + 2 * 6);
});

test('whichever rows are poisoned, exactly those fail, each with its own error, and the others are stored once', async () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 60; round += 1) {
    const count = 1 + random.integer(40);
    const poisoned = new Set(Array.from({ length: random.integer(8) }, () => random.integer(count)));
    const { add, stored } = poisonedBatcher(poisoned, 1 + random.integer(40));
    const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, item) => add(item)));
    const expected = Array.from({ length: count }, (_, item) =>
      poisoned.has(item)
        ? { status: 'rejected', reason: expect.objectContaining({ message: `poisoned: ${item}` }) }
        : { status: 'fulfilled', value: item * 10 },
    );
    expect(outcomes).toEqual(expected);
    expect(stored.toSorted((a, b) => a - b)).toEqual(
      expected.flatMap(({ status }, item) => (status === 'fulfilled' ? [item] : [])),
    );
  }
});

test('a fault of the storage fails the whole batch at once and is not tried again in parts', async () => {
  const fault = new TemporarilyUnavailable('storage');
  const statements: number[] = [];
  const add = createBatcher<number, number>({
    maxSize: 100,
    concurrency: 1,
    run: async (items) => {
      statements.push(items.length);
      await turns(1);
      if (statements.length === 1) throw fault;
      return items;
    },
  });
  const asked = Array.from({ length: 20 }, (_, item) => errorOf(add(item)));
  for (const error of await Promise.all(asked)) expect(error).toBe(fault);
  expect(statements).toEqual([20]);
  expect(await add(21)).toBe(21);
});

test('a storage that fails while a batch is tried in halves fails the half it fails in', async () => {
  const fault = new TemporarilyUnavailable('storage');
  const add = createBatcher<number, number>({
    maxSize: 100,
    concurrency: 1,
    run: async (items) => {
      await turns(1);
      if (items.length === 8) throw new Error('poisoned');
      if (items.includes(1)) throw fault;
      return items;
    },
  });
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map((item) => add(item)));
  expect(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason)),
  ).toEqual([fault, fault, fault, fault, 5, 6, 7, 8]);
});

test('a statement that cannot even be made rejects its item and holds nothing up', async () => {
  const add = createBatcher<number, number>({
    maxSize: 10,
    concurrency: 1,
    run: (items) => {
      if (items.includes(1)) throw new Error('cannot be made');
      return Promise.resolve(items);
    },
  });
  const asked = [errorOf(add(1)), add(2), errorOf(add(1)), add(3)];
  expect((await Promise.all(asked)).map((result) => result.message ?? result)).toEqual([
    'cannot be made',
    2,
    'cannot be made',
    3,
  ]);
});

test('under load, each of thousands of items gets its own result within the bounds', async () => {
  let inFlight = 0;
  let most = 0;
  const sizes: number[] = [];
  const add = createBatcher<number, number>({
    maxSize: 50,
    concurrency: 3,
    run: async (items) => {
      most = Math.max(most, (inFlight += 1));
      await (items.length % 2 ? turns(1) : sleep(1));
      inFlight -= 1;
      return items.map((item) => item * 10);
    },
    onSend: (size) => sizes.push(size),
  });
  const results = await Promise.all(
    Array.from({ length: 3000 }, async (_, item) => {
      await turns(item % 9);
      return add(item);
    }),
  );
  expect(results).toEqual(results.map((_, item) => item * 10));
  expect(most).toBe(3);
  expect(Math.max(...sizes)).toBe(50);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(3000);
  expect(sizes.length).toBeLessThan(1500);
});
