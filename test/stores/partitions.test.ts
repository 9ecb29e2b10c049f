import { expect, test } from '@jest/globals';
import { expiredPartitions, neededPartitions } from '../../src/actors/token/partitions.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = new Date('2031-12-27T00:00:00Z'); // the days that follow cross into another year

test('at every hour of twelve days there is a partition, without a gap, for the next eight days', () => {
  for (let ms = 0; ms < 12 * DAY_MS; ms += HOUR_MS) {
    const now = new Date(START.getTime() + ms);
    const needed = neededPartitions(now);
    expect(needed[0]!.from.getTime()).toBeLessThanOrEqual(now.getTime());
    expect(needed.at(-1)!.to.getTime()).toBeGreaterThanOrEqual(now.getTime() + 8 * DAY_MS);
    for (const [index, { name, from, to }] of needed.entries()) {
      expect(name).toBe(`access_tokens_${from.toISOString().slice(0, 10).replaceAll('-', '')}`);
      expect(to.getTime() - from.getTime()).toBe(DAY_MS);
      if (index > 0) expect(from).toEqual(needed[index - 1]!.to);
    }
  }
});

test('a partition is never both needed and expired, and it expires an hour after its last token', () => {
  const seen = new Map<string, Date>();
  for (let ms = 0; ms < 12 * DAY_MS; ms += HOUR_MS / 2) {
    const now = new Date(START.getTime() + ms);
    for (const { name, to } of neededPartitions(now)) seen.set(name, to);
    const expired = expiredPartitions([...seen.keys()], now);
    const due = [...seen].filter(([, to]) => to.getTime() + HOUR_MS <= now.getTime());
    expect(expired).toEqual(due.map(([name]) => name));
    for (const { name } of neededPartitions(now)) expect(expired).not.toContain(name);
  }
  expect(seen.size).toBe(20);
});

test('a table that merely resembles a partition is left alone', () => {
  const others = [
    'access_tokens',
    'access_tokens_default',
    'access_tokens_20000101_old',
    'x_access_tokens_20000101',
  ];
  expect(expiredPartitions([...others, 'access_tokens_20000101'], START)).toEqual(['access_tokens_20000101']);
});
