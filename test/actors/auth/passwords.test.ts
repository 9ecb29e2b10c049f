import { expect, test } from '@jest/globals';
import bcrypt from 'bcrypt';
import { Passwords } from '../../../src/actors/auth/passwords.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const PASSWORD = new Sensitive('correct horse battery staple');
const WRONG = new Sensitive('incorrect horse battery staple');

test('a hash is outdated once the cost is another', async () => {
  const hash = await new Passwords(10).hash(PASSWORD);
  expect(bcrypt.getRounds(hash)).toBe(10);
  expect(new Passwords(10).isOutdated(hash)).toBe(false);
  expect(new Passwords(11).isOutdated(hash)).toBe(true);
});

// Without the padding the verdict on the cheap hash comes eight times as fast.
test('a verdict takes the time of the cost in force, whatever the hash was made at', async () => {
  const passwords = new Passwords(13);
  const cheap = await new Passwords(10).hash(PASSWORD);
  const timeOf = async (hash: string | undefined) => {
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      const startedAtMs = performance.now();
      expect(await passwords.verify(WRONG, hash)).toBe(false);
      times.push(performance.now() - startedAtMs);
    }
    return times.toSorted((a, b) => a - b)[1]!;
  };
  await timeOf(undefined);
  const ratio = (await timeOf(undefined)) / (await timeOf(cheap));
  expect(ratio).toBeGreaterThan(1 / 3);
  expect(ratio).toBeLessThan(3);
  expect(await passwords.verify(PASSWORD, cheap)).toBe(true);
});
