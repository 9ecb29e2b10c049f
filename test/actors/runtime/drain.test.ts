import { expect, test } from '@jest/globals';
import { InvalidGrant } from '../../../src/oauth/errors.ts';
import {
  errorOf,
  newGate,
  newGuardian,
  Recorder,
  run,
  sleep,
  spawnProbe,
  turns,
} from '../../support/actors.ts';

/** Longer than any test may take: a drain that waits for its end fails the test. */
const LONG_MS = 600_000;

test('a drain finishes what is in flight and what is queued, takes nothing new, and then the actor is gone', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 2 });
  const gate = newGate();
  const asks = Array.from({ length: 10 }, (_, index) =>
    probe.ask(run(() => gate.promise.then(() => turns(1)).then(() => index))),
  );
  const told: string[] = [];
  expect(probe.tell(run(() => told.push('before the drain')))).toBe(true);
  await turns();
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const timersBefore = timers() - 1; // Without the one that watches over the asks.
  let drained = false;
  const draining = guardian.drain(LONG_MS).then(() => {
    drained = true;
  });
  expect(await errorOf(probe.ask(run(() => 'new')))).toMatchObject({ reason: 'stopped' });
  expect(probe.tell(run(() => told.push('during the drain')))).toBe(false);
  expect(observer.count('rejected')).toBe(2);
  await turns();
  expect(drained).toBe(false);

  gate.open();
  expect(await Promise.all(asks)).toEqual(asks.map((_, index) => index));
  await draining;
  expect(timers()).toBe(timersBefore);
  expect(told).toEqual(['before the drain']);
  expect(observer.count('ok')).toBe(11);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
  expect(await errorOf(probe.ask(run(() => 'after')))).toMatchObject({ reason: 'stopped' });
});

test('a drain that runs out of time rejects what is left, in flight or queued, and none of it starts later', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 1, askTimeoutMs: LONG_MS });
  const gate = newGate();
  const stuck = errorOf(probe.ask(run(() => gate.promise)));
  let started = 0;
  const queued = Array.from({ length: 5 }, () => errorOf(probe.ask(run(() => (started += 1)))));
  await turns();
  await guardian.drain(30);
  for (const error of await Promise.all([stuck, ...queued])) {
    expect(error).toMatchObject({ code: 'temporarily_unavailable', reason: 'stopped' });
    expect(observer.count('rejected')).toBe(5);
  }
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 1 }]);
  gate.open();
  await turns();
  expect(started).toBe(0);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('work that crashes after its actor was stopped is written down and restarts nothing', async () => {
  const observer = new Recorder();
  const exhausted: string[] = [];
  const guardian = newGuardian({ observer, restartLimit: 0, onExhausted: (actor) => exhausted.push(actor) });
  const probe = spawnProbe(guardian);
  const gate = newGate();
  const stuck = errorOf(probe.ask(run(() => gate.promise)));
  await turns();
  await guardian.drain(10);
  expect(await stuck).toMatchObject({ reason: 'stopped' });
  gate.fail(new Error('bug'));
  await turns();
  expect(observer.crashes).toHaveLength(1);
  expect([exhausted, guardian.exhaustedBy]).toEqual([[], undefined]);
  expect(guardian.stats()).toMatchObject([{ restarts: 0, inFlight: 0 }]);
});

test('an idle tree drains at once, and draining again is harmless', async () => {
  const guardian = newGuardian();
  spawnProbe(guardian, { name: 'first' });
  spawnProbe(guardian, { name: 'second' });
  await guardian.drain(LONG_MS);
  await guardian.drain(LONG_MS);
});

test.each([
  [
    'synchronous',
    run(() => {
      throw new Error('bug');
    }),
  ],
  ['asynchronous', run(() => turns(1).then(() => Promise.reject(new Error('bug'))))],
])('a %s crash during a drain loses nothing of what is queued', async (_, crash) => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const gate = newGate();
  const first = probe.ask(run(() => gate.promise));
  const crashed = errorOf(probe.ask(crash));
  const after = [probe.ask(run(({ life }) => life)), probe.ask(run(({ served }) => served))];
  await turns();
  const draining = guardian.drain(LONG_MS);
  gate.open();
  await first;
  expect(await crashed).toMatchObject({ code: 'server_error' });
  expect(await Promise.all(after)).toEqual([2, 2]);
  await draining;
});

test('a drain ends when a crash too many ends its actor', async () => {
  const guardian = newGuardian({ restartLimit: 0 });
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const gate = newGate();
  const crashed = errorOf(probe.ask(run(() => gate.promise)));
  const queued = errorOf(probe.ask(run(() => 'never')));
  await turns();
  const draining = guardian.drain(LONG_MS);
  gate.fail(new Error('bug'));
  expect(await crashed).toMatchObject({ code: 'server_error' });
  expect(await queued).toMatchObject({ reason: 'stopped' });
  await draining;
});

test('a drain waits for a message that waits for a slot, and for refusals and expiries as for answers', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const gate = newGate();
  const asks = [
    errorOf(probe.ask(run(() => gate.promise))),
    errorOf(
      probe.ask(
        run(() => 'never'),
        { timeoutMs: 10 },
      ),
    ),
    errorOf(probe.ask(run(() => Promise.reject(new InvalidGrant('refused'))))),
    errorOf(
      probe.ask(
        run(() => 'never either'),
        { timeoutMs: 10 },
      ),
    ),
  ];
  await turns();
  const draining = guardian.drain(LONG_MS);
  await sleep(20);
  gate.fail(new InvalidGrant('refused'));
  await draining;
  expect((await Promise.all(asks)).map(({ reason, code }) => reason ?? code)).toEqual([
    'invalid_grant',
    'deadline',
    'invalid_grant',
    'deadline',
  ]);
});

test('an actor is drained before those that were spawned earlier, so that they still answer what it asks', async () => {
  const guardian = newGuardian();
  const oldest = spawnProbe(guardian, { name: 'oldest' });
  const middle = spawnProbe(guardian, { name: 'middle' });
  const youngest = spawnProbe(guardian, { name: 'youngest', concurrency: 1 });
  const gate = newGate();
  const told: string[] = [];
  const chain = () =>
    youngest.ask(
      run(async () => {
        await gate.promise;
        const answer = await middle.ask(
          run(async () => {
            await sleep(5);
            oldest.tell(run(() => told.push('told')));
            return oldest.ask(run(() => sleep(5).then(() => 'oldest answers')));
          }),
        );
        return answer;
      }),
    );
  const asks = [chain(), chain(), chain()];
  await turns();
  const draining = guardian.drain(LONG_MS);
  expect(await errorOf(youngest.ask(run(() => 'new')))).toMatchObject({ reason: 'stopped' });
  expect(await middle.ask(run(() => 'not yet'))).toBe('not yet');
  gate.open();
  expect(await Promise.all(asks)).toEqual(asks.map(() => 'oldest answers'));
  await draining;
  expect(told).toHaveLength(3);
  for (const actor of [oldest, middle]) {
    expect(await errorOf(actor.ask(run(() => 'new')))).toMatchObject({ reason: 'stopped' });
  }
});

test('the time to drain is one for all: an actor that hangs leaves the others stopped, not waiting', async () => {
  const guardian = newGuardian();
  const older = spawnProbe(guardian, { name: 'older' });
  const younger = spawnProbe(guardian, { name: 'younger' });
  const gate = newGate();
  const stuck = [older, younger].map((probe) => errorOf(probe.ask(run(() => gate.promise))));
  await turns();
  const timeMs = 400;
  const startMs = performance.now();
  await guardian.drain(timeMs);
  expect(performance.now() - startMs).toBeLessThan(2 * timeMs);
  for (const error of await Promise.all(stuck)) expect(error).toMatchObject({ reason: 'stopped' });
  gate.open();
});

test('the timers of an actor stop when its drain begins', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  let ticks = 0;
  const probe = spawnProbe(guardian, { timers: [{ everyMs: 2, message: run(() => (ticks += 1)) }] });
  while (ticks < 3) await turns(1);
  const gate = newGate();
  const held = probe.ask(run(() => gate.promise));
  await turns();
  const draining = guardian.drain(LONG_MS);
  const before = ticks;
  await sleep(20);
  gate.open();
  await Promise.all([held, draining]);
  expect(ticks).toBe(before);
  expect(observer.count('rejected')).toBe(0);
});

test('what was told and not served by the end is told of, once each', async () => {
  const undelivered: unknown[] = [];
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, {
    concurrency: 1,
    onUndelivered: (message) => undelivered.push(message),
  });
  const served = run(() => undefined);
  const stuck = run(() => new Promise(() => undefined));
  const queued = [run(() => undefined), run(() => undefined)];
  for (const message of [served, stuck, ...queued]) expect(probe.tell(message)).toBe(true);
  await turns();
  await guardian.drain(30);
  expect(undelivered).toEqual([stuck, ...queued]);
  expect(probe.tell(run(() => undefined))).toBe(false);
  expect(undelivered).toHaveLength(3);
});
