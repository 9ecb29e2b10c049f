import { expect, test } from '@jest/globals';
import { Admission } from '../../src/http/admission.ts';

const LIMITS = { requests: 1000, waitMs: 250 };

function after(...windows: readonly (readonly [busyMs: number, served: number, shed?: number])[]): Admission {
  const admission = new Admission(LIMITS);
  for (const [busyMs, served, shed = 0] of windows) admission.measured(busyMs, served, shed);
  return admission;
}

/** How many may be in progress, and what one more is told. */
function roomOf(admission: Admission): { room: number; reason: string | undefined } {
  const { room } = admission;
  expect(admission.refusal(room - 1, 0)).toBeUndefined();
  return { room, reason: admission.refusal(room, 0) };
}

test('before anything is known, the limit is all there is', () => {
  expect(roomOf(after())).toEqual({ room: 1000, reason: 'limit' });
});

test('there is room for those who can be served within the wait', () => {
  // Half a millisecond each: 250 ms are 500 of them.
  expect(roomOf(after([100, 200]))).toEqual({ room: 500, reason: 'wait' });
  // A tenth of a millisecond each would be 2,500.
  expect(roomOf(after([100, 1000]))).toEqual({ room: 1000, reason: 'limit' });
});

test('an idle event loop makes no request dear, however long requests take', () => {
  expect(roomOf(after([1, 50]))).toEqual({ room: 1000, reason: 'limit' });
});

test('those turned away make the others no dearer', () => {
  expect(after([100, 200, 0]).room).toBe(500);
  expect(after([150, 200, 800]).room).toBe(500);
});

test('few requests say nothing, and a slow start keeps few out', () => {
  expect(after([100, 1])).toMatchObject({ room: 1000 });
  expect(roomOf(after([10_000, 20]))).toEqual({ room: 64, reason: 'wait' });
  const small = new Admission({ requests: 10, waitMs: 250 });
  small.measured(10_000, 20, 0);
  expect(roomOf(small)).toEqual({ room: 10, reason: 'limit' });
});

test('one odd window moves it by a part, many move it all the way', () => {
  const usual = [100, 400] as const; // 1,000 of them in 250 ms
  const slow = [100, 100] as const; // 250
  const once = after(usual, slow).room;
  expect(once).toBeLessThan(1000);
  expect(once).toBeGreaterThan(250);
  expect(after(usual, ...Array.from({ length: 40 }, () => slow)).room).toBe(250);
  expect(after(usual, slow, ...Array.from({ length: 40 }, () => usual)).room).toBeGreaterThanOrEqual(999);
});

test('a pause of the machine turns nobody away', () => {
  const usual = Array.from({ length: 10 }, () => [100, 900] as const); // 2,250 of them in 250 ms
  expect(after(...usual, [300, 25]).room).toBeGreaterThan(900);
});

test('those who wait for their turn take no room, but make the wait longer', () => {
  // A tenth of a millisecond each: 2,500 in 250 ms.
  const admission = after([100, 1000]);
  expect(admission.refusal(999, 1500)).toBeUndefined();
  expect(admission.refusal(999, 1501)).toBe('wait');
  expect(admission.refusal(1000, 0)).toBe('limit');
  expect(after().refusal(0, 1_000_000)).toBeUndefined();
});
