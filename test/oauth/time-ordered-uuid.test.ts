import { expect, test } from '@jest/globals';
import { timeOrderedUuid } from '../../src/oauth/time-ordered-uuid.ts';
import { systemSources } from '../../src/system-sources.ts';

const at = (time: string | number) => timeOrderedUuid(new Date(time), systemSources.randomUuid);

test('it is one of version 7 and of the variant of RFC 9562, and begins with the time', () => {
  const made = at('2022-02-22T19:22:22Z');
  // The time of the example in RFC 9562, appendix A.6.
  expect(made).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(at(1)).toMatch(/^00000000-0001-7/);
});

test('it sorts by its time, to the millisecond', () => {
  const times = [0, 1, 15, 16, 255, 1e9, Date.now(), Date.now() + 1, 1e14];
  const made = times.map((time) => at(time));
  expect([...made].sort()).toEqual(made);
});

test('the rest of it is by chance', () => {
  const made = Array.from({ length: 1000 }, () => at(1e12));
  expect(new Set(made).size).toBe(1000);
  // Of each random digit every value comes up: the version and two bits of the variant are fixed.
  const digits = made.map((id) => id.replaceAll('-', '').slice(13));
  for (let place = 0; place < digits[0]!.length; place += 1) {
    const values = place === 3 ? 4 : 16;
    expect([place, new Set(digits.map((id) => id[place])).size]).toEqual([place, values]);
  }
});
