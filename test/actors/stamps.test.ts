import { expect, test } from '@jest/globals';
import { Stamps } from '../../src/actors/stamps.ts';

const at = (second: number) => new Date(second * 1000);

interface Written {
  readonly stamps: Stamps;
  readonly lots: ReadonlyMap<string, Date>[];
  /** The next writes end like this. */
  readonly outcomes: (() => Promise<void>)[];
  asked: number;
}

function makeStamps(): Written {
  const seen = { lots: [] as ReadonlyMap<string, Date>[], outcomes: [] as (() => Promise<void>)[], asked: 0 };
  const stamps = new Stamps({
    write: (times) => {
      seen.lots.push(times);
      return seen.outcomes.shift()?.() ?? Promise.resolve();
    },
    onMany: () => (seen.asked += 1),
  });
  return Object.assign(seen, { stamps });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function noteMany(stamps: Stamps, count: number): void {
  for (let each = 0; each < count; each += 1) stamps.note(`id ${each}`, at(each));
}

test('what was seen is written once, with the last time', async () => {
  const { stamps, lots } = makeStamps();
  stamps.note('a', at(1));
  stamps.note('b', at(2));
  stamps.note('a', at(3));
  await stamps.flush();
  await stamps.flush();
  expect(lots.map((lot) => Object.fromEntries(lot))).toEqual([{ a: at(3), b: at(2) }]);
});

test('many are written in lots, one after the other', async () => {
  const { stamps, lots, outcomes } = makeStamps();
  let end = (): void => undefined;
  outcomes.push(() => new Promise((resolve) => (end = resolve)));
  noteMany(stamps, 2500);
  const flushed = stamps.flush();
  await settled();
  expect(lots.map(({ size }) => size)).toEqual([1000]);
  end();
  await flushed;
  expect(lots.map(({ size }) => size)).toEqual([1000, 1000, 500]);
  expect(new Set(lots.flatMap((lot) => [...lot.keys()])).size).toBe(2500);
});

test('a lot that fails is kept with those after it, and what was seen since is newer', async () => {
  const { stamps, lots, outcomes } = makeStamps();
  noteMany(stamps, 2500);
  outcomes.push(
    () => Promise.resolve(),
    () => {
      stamps.note('id 1000', at(9999));
      stamps.note('new', at(1));
      return Promise.reject(new Error('no database'));
    },
  );
  await expect(stamps.flush()).rejects.toThrow('no database');
  lots.length = 0;
  await stamps.flush();
  expect(lots.map(({ size }) => size)).toEqual([1000, 501]);
  expect(lots[0]!.get('id 1000')).toEqual(at(9999));
  expect(lots.some((lot) => lot.has('id 999'))).toBe(false);
});

test('what was seen during one flush is written by the next, which waits for it even if it fails', async () => {
  const { stamps, lots, outcomes } = makeStamps();
  stamps.note('first', at(1));
  let fail = (): void => undefined;
  outcomes.push(() => new Promise((_resolve, reject) => (fail = () => reject(new Error('no database')))));
  const first = stamps.flush();
  await settled();
  stamps.note('second', at(2));
  const second = stamps.flush();
  fail();
  await expect(first).rejects.toThrow('no database');
  await second;
  expect(lots.map((lot) => [...lot.keys()].sort())).toEqual([['first'], ['first', 'second']]);
});

test('however many flushes are asked for while one writes, one more waits for it', async () => {
  const { stamps, lots, outcomes } = makeStamps();
  stamps.note('first', at(1));
  let end = (): void => undefined;
  outcomes.push(() => new Promise((resolve) => (end = resolve)));
  let over = 0;
  const flush = () => stamps.flush().then(() => (over += 1));
  const flushes = [flush()];
  await settled();
  for (let each = 0; each < 10; each += 1) {
    stamps.note(`id ${each}`, at(each));
    flushes.push(flush());
  }
  await settled();
  expect([over, lots.length]).toEqual([9, 1]);
  end();
  await Promise.all(flushes);
  expect(lots.map(({ size }) => size)).toEqual([1, 10]);
});

test('so many that they take up memory ask to be written down, once', () => {
  const written = makeStamps();
  noteMany(written.stamps, 99_999);
  expect(written.asked).toBe(0);
  noteMany(written.stamps, 150_000);
  expect(written.asked).toBe(1);
});
