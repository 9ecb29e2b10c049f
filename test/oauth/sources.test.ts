import { expect, test } from '@jest/globals';
import { epochSeconds } from '../../src/oauth/sources.ts';

test.each([
  [0, 0],
  [999, 0],
  [1000, 1],
  [1_700_000_000_999, 1_700_000_000],
  [-1, -1],
])('%d milliseconds are %d whole seconds, never one too many', (milliseconds, seconds) => {
  expect(epochSeconds(new Date(milliseconds))).toBe(seconds);
});
