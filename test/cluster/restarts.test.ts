import { expect, test } from '@jest/globals';
import { Restarts } from '../../src/cluster/restarts.ts';

const MINUTE_MS = 60_000;

test('each death doubles the wait, from 100 ms up to 30 s', () => {
  const restarts = new Restarts({ restartLimit: 1000, restartWindowMs: MINUTE_MS });
  const delays = Array.from({ length: 12 }, (_, death) => restarts.afterDeath(death, 5));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
});

test('one that lived a minute is replaced at once again', () => {
  const restarts = new Restarts({ restartLimit: 1000, restartWindowMs: MINUTE_MS });
  expect([5, 5, 59_999, 60_000, 5].map((livedMs) => restarts.afterDeath(0, livedMs))).toEqual([
    100, 200, 400, 100, 200,
  ]);
});

test('more deaths than the limit within the window are too many', () => {
  const restarts = new Restarts({ restartLimit: 2, restartWindowMs: MINUTE_MS });
  expect([0, 1000, 59_999].map((atMs) => restarts.afterDeath(atMs, 5))).toEqual([100, 200, undefined]);
});

test('deaths before the window do not count', () => {
  const restarts = new Restarts({ restartLimit: 2, restartWindowMs: MINUTE_MS });
  expect([0, 1000, 60_000, 61_000, 62_000].map((atMs) => restarts.afterDeath(atMs, 5))).toEqual([
    100,
    200,
    400,
    800,
    undefined,
  ]);
});

test('a limit of none ends all with the first death', () => {
  const restarts = new Restarts({ restartLimit: 0, restartWindowMs: MINUTE_MS });
  expect(restarts.afterDeath(0, MINUTE_MS)).toBeUndefined();
});
