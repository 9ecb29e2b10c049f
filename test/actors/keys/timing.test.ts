import { describe, expect, test } from '@jest/globals';
import {
  CLOCK_SKEW_SECONDS,
  keyTiming,
  maxAgeOfSet,
  RELOAD_SECONDS,
} from '../../../src/actors/keys/timing.ts';

const timingOf = (jwksMaxAgeSeconds: number) =>
  keyTiming({ jwksMaxAgeSeconds, accessTokenLifetimeSeconds: 3600, keyRotationSeconds: 86_400 });

describe.each([10, 300, 3600, 86_400])('with a key set that may be kept for %d seconds', (maxAge) => {
  const timing = timingOf(maxAge);

  test('who fetches it, at any age that it can have, has dropped it before a key that it lacks can sign', () => {
    for (let age = 0; age < 2 * timing.publishAheadSeconds; age += 1 + Math.floor(maxAge / 100)) {
      const kept = maxAgeOfSet(timing, age);
      expect(kept).toBeGreaterThanOrEqual(0);
      expect(kept).toBeLessThanOrEqual(maxAge);
      // In a cache on the way, and then at the verifier; the key was made right after the set was read, by a clock that is late.
      const droppedAt = age + 2 * kept;
      if (kept > 0) expect(droppedAt).toBeLessThanOrEqual(timing.publishAheadSeconds - CLOCK_SKEW_SECONDS);
    }
  });

  test('a replica that reads the keys in time, or fails to once, lets the set be kept for all of it', () => {
    expect(maxAgeOfSet(timing, RELOAD_SECONDS)).toBe(maxAge);
    expect(maxAgeOfSet(timing, 2 * RELOAD_SECONDS)).toBe(maxAge);
    expect(maxAgeOfSet(timing, timing.publishAheadSeconds)).toBe(0);
  });
});

test('a replaced key stays for the life of the last token, which a replica whose clock is late may have signed', () => {
  expect(timingOf(300).keepSeconds).toBeGreaterThanOrEqual(3600 + CLOCK_SKEW_SECONDS);
});
