import { describe, expect, test } from '@jest/globals';
import {
  isEmpty,
  planDiscard,
  planFirstKeys,
  planRevocation,
  planRotation,
  planSchedule,
  signingKeyOf,
  type KeyDates,
  type KeyPlan,
} from '../../../src/actors/keys/plan.ts';
import { CLOCK_SKEW_SECONDS, keyTiming } from '../../../src/actors/keys/timing.ts';
import { NotFound } from '../../../src/oauth/errors.ts';

const NOW = new Date('2031-03-05T10:20:30.457Z');
const DAY = 86_400;
const policy = { jwksMaxAgeSeconds: 300, accessTokenLifetimeSeconds: 3600, keyRotationSeconds: 90 * DAY };
const timing = keyTiming(policy);
const off = keyTiming({ ...policy, keyRotationSeconds: 0 });

function at(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

function key(kid: string, activates: number, expires: number | null = null): KeyDates {
  const algorithm = kid.startsWith('R') ? 'RS256' : 'ES256';
  return { kid, algorithm, activatesAt: at(activates), expiresAt: expires === null ? null : at(expires) };
}

/** The keys as they are once the plan was carried out; new ones are called after their algorithm. */
function done(keys: readonly KeyDates[], { make, redate, remove }: KeyPlan): readonly KeyDates[] {
  const left = keys.filter(({ kid }) => !remove.includes(kid));
  const dated = left.map((old) => ({ ...old, ...redate.find(({ kid }) => kid === old.kid) }));
  return [...dated, ...make.map((made) => ({ kid: `${made.algorithm} new`, ...made, expiresAt: null }))];
}

describe('the first keys', () => {
  test('are one of each algorithm, and sign at once where a clock is late, too', () => {
    expect(planFirstKeys([], NOW).make).toEqual(
      ['ES256', 'RS256'].map((algorithm) => ({ algorithm, activatesAt: at(-CLOCK_SKEW_SECONDS) })),
    );
    expect(planFirstKeys([key('E', 0)], NOW).make.map(({ algorithm }) => algorithm)).toEqual(['RS256']);
    expect(isEmpty(planFirstKeys([key('E', 0), key('R', 0)], NOW))).toBe(true);
  });
});

describe('a rotation', () => {
  test('makes a key of each algorithm, and gives those that it replaces an end', () => {
    const keys = [key('E old', -100 * DAY, 10), key('E', -DAY), key('R', -DAY)];
    const plan = planRotation(keys, NOW, timing);
    const activatesAt = at(timing.publishAheadSeconds);
    const expiresAt = at(timing.publishAheadSeconds + timing.keepSeconds);
    expect(plan.make).toEqual(['ES256', 'RS256'].map((algorithm) => ({ algorithm, activatesAt })));
    expect(plan.redate.map(({ kid, ...dates }) => [kid, dates.activatesAt, dates.expiresAt])).toEqual([
      ['E', at(-DAY), expiresAt],
      ['R', at(-DAY), expiresAt],
    ]);
    expect(isEmpty(planRotation(done(keys, plan), NOW, timing))).toBe(true);
  });

  test('leaves an algorithm alone that has a key waiting', () => {
    const keys = [key('E', -DAY, 5000), key('E next', 10), key('R', -DAY)];
    const plan = planRotation(keys, NOW, timing);
    expect(plan.make.map(({ algorithm }) => algorithm)).toEqual(['RS256']);
    expect(plan.redate.map(({ kid }) => kid)).toEqual(['R']);
  });
});

describe('the schedule', () => {
  const old = -90 * DAY;

  test('is due for each algorithm by itself, to the second', () => {
    expect(isEmpty(planSchedule([key('E', old + 1), key('R', old + 1)], NOW, timing))).toBe(true);
    const plan = planSchedule([key('E', old), key('R', old + 1)], NOW, timing);
    expect(plan.make.map(({ algorithm }) => algorithm)).toEqual(['ES256']);
  });

  test('is not due while a key waits, nor where it is off', () => {
    const waiting = [key('E', old, 99_999), key('E next', 1), key('R', -1)];
    expect(isEmpty(planSchedule(waiting, NOW, timing))).toBe(true);
    expect(isEmpty(planSchedule([key('E', 2 * old), key('R', 2 * old)], NOW, off))).toBe(true);
  });

  test('counts from the rotation by hand, where there was one', () => {
    const keys = [key('E', old, 5000), key('E by hand', -5), key('R', -5)];
    expect(isEmpty(planSchedule(keys, NOW, timing))).toBe(true);
  });

  test('keeps a key for longer where this replica’s tokens live for longer than those of the one that replaced it', () => {
    const rotated = done([key('E', -DAY), key('R', -DAY)], planRotation([key('E', -DAY)], NOW, timing));
    const longer = keyTiming({ ...policy, accessTokenLifetimeSeconds: DAY });
    const plan = planSchedule(rotated, NOW, longer);
    expect(plan.redate.map(({ kid, expiresAt }) => [kid, expiresAt])).toEqual([
      ['E', at(longer.publishAheadSeconds + longer.keepSeconds)],
    ]);
    expect(plan.make).toEqual([]);
    expect(isEmpty(planSchedule(done(rotated, plan), NOW, longer))).toBe(true);
    expect(isEmpty(planSchedule(done(rotated, plan), NOW, timing))).toBe(true);
  });
});

describe('a revocation', () => {
  const others = [key('R old', -9 * DAY, 500), key('R', -DAY)];
  const after = (keys: readonly KeyDates[], ...kids: string[]) =>
    done([...keys, ...others], planRevocation([...keys, ...others], kids, NOW));
  const signs = (keys: readonly KeyDates[], now = NOW) => signingKeyOf(keys, 'ES256', now)?.kid;
  const early = at(-CLOCK_SKEW_SECONDS);

  test('of the key that signs has a new one sign at once, where a clock is late, too, and leaves the other algorithm alone', () => {
    const left = after([key('E old', -9 * DAY, 500), key('E', -DAY)], 'E');
    expect(signs(left)).toBe('ES256 new');
    expect(signs(left, early)).toBe('ES256 new');
    expect(left.map(({ kid }) => kid)).toEqual(['E old', 'R old', 'R', 'ES256 new']);
    expect(left.filter(({ kid }) => kid.startsWith('R'))).toEqual(others);
  });

  test('of the key that signs has the one that waits sign, which verifiers may know already', () => {
    const left = after([key('E', -DAY, 5000), key('E next', 300)], 'E');
    expect(signs(left, early)).toBe('E next');
    expect(left.map(({ kid }) => kid)).toEqual(['E next', 'R old', 'R']);
  });

  test('of the key that waits leaves the one that signs, without an end', () => {
    const left = after([key('E', -DAY, 5000), key('E next', 300)], 'E next');
    expect(left).toEqual([key('E', -DAY), ...others]);
  });

  test('of both makes a new one', () => {
    const left = after(
      [key('E old', -9 * DAY, 500), key('E', -DAY, 5000), key('E next', 300)],
      'E',
      'E next',
    );
    expect(left.map(({ kid }) => kid)).toEqual(['E old', 'R old', 'R', 'ES256 new']);
    expect(signs(left, early)).toBe('ES256 new');
  });

  test('of a retired key takes it away, and that is all', () => {
    expect(after([key('E old', -9 * DAY, 500), key('E', -DAY)], 'E old')).toEqual([
      key('E', -DAY),
      ...others,
    ]);
  });

  test('of every key leaves new ones of each algorithm', () => {
    const left = after([key('E', -DAY)], 'E', 'R', 'R old');
    expect(left.map(({ kid, expiresAt }) => [kid, expiresAt])).toEqual([
      ['ES256 new', null],
      ['RS256 new', null],
    ]);
  });

  test('leaves one key without an end, where rotations piled up', () => {
    const piled = [key('E', -DAY, 5000), key('E next', 300, 6000), key('E last', 400)];
    expect(after(piled, 'E')).toEqual([
      { ...key('E next', -CLOCK_SKEW_SECONDS, 6000) },
      key('E last', 400),
      ...others,
    ]);
    expect(after(piled, 'E', 'E last')[0]).toEqual(key('E next', -CLOCK_SKEW_SECONDS));
    expect(after(piled, 'E last')).toEqual([key('E', -DAY, 5000), key('E next', 300), ...others]);
  });

  test('of a key that is not there is refused, and changes nothing', () => {
    expect(() => planRevocation([key('E', 0)], ['E', 'F'], NOW)).toThrow(NotFound);
  });
});

describe('a discard', () => {
  const other = key('R', -DAY);

  test('of the key that signs has the one that waits sign at once, and keeps the row', () => {
    const keys = [key('E', -DAY, 5000), key('E next', 300), other];
    const plan = planDiscard(keys, ['E'], NOW);
    expect(plan.remove).toEqual([]);
    const left = done(keys, plan);
    expect(signingKeyOf(left, 'ES256', NOW)).toEqual({ ...key('E next', -CLOCK_SKEW_SECONDS) });
    expect(left.find(({ kid }) => kid === 'E')).toEqual(key('E', -DAY, 0));
  });

  test('of the key that waits leaves the one that signs without an end', () => {
    const keys = [key('E', -DAY, 5000), key('E next', 300), other];
    const left = done(keys, planDiscard(keys, ['E next'], NOW));
    expect(left).toEqual([key('E', -DAY), key('E next', 300, 0), other]);
  });

  test('of all makes new ones', () => {
    const keys = [key('E', -DAY), other];
    expect(planDiscard(keys, ['E', 'R'], NOW).make.map(({ algorithm }) => algorithm)).toEqual([
      'ES256',
      'RS256',
    ]);
  });
});
