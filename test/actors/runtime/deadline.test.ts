import { expect, test } from '@jest/globals';
import { InvalidGrant, TemporarilyUnavailable } from '../../../src/oauth/errors.ts';
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

/** A deadline that passes in the handler, not before it, even on a busy machine. */
const ENOUGH_TO_START_MS = 150;

test('a message whose deadline passed in the mailbox is never started', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const gate = newGate();
  const blocking = probe.ask(run(() => gate.promise));
  await turns();
  const started: string[] = [];
  const expired = Array.from({ length: 5 }, () =>
    probe.ask(
      run(() => started.push('expired')),
      { timeoutMs: 20 },
    ),
  );
  const patient = probe.ask(run(() => started.push('patient')));
  for (const ask of expired) expect(await errorOf(ask)).toMatchObject({ reason: 'deadline' });
  // They still lie in the mailbox, and the figures say so until they are thrown away.
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 6, inFlight: 1 }]);
  gate.open();
  await Promise.all([blocking, patient]);
  expect(started).toEqual(['patient']);
  expect(observer.count('expired')).toBe(5);
  expect(observer.count('ok')).toBe(2);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('however many messages expired, the one behind them is reached', async () => {
  const observer = new Recorder();
  const probe = spawnProbe(newGuardian({ observer }), { concurrency: 1, mailboxLimit: 2000 });
  const gate = newGate();
  const blocking = probe.ask(run(() => gate.promise));
  const expired = Array.from({ length: 1500 }, () =>
    errorOf(
      probe.ask(
        run(() => 'never'),
        { timeoutMs: 10 },
      ),
    ),
  );
  const patient = probe.ask(run(() => 'reached'));
  await Promise.all(expired);
  gate.open();
  await blocking;
  expect(await patient).toBe('reached');
  expect(observer.count('expired')).toBe(1500);
});

test('a message is not started after its deadline even when the event loop was too busy to say so', async () => {
  const observer = new Recorder();
  const probe = spawnProbe(newGuardian({ observer }), {});
  let started = false;
  const busy = probe.ask(
    run(() => {
      const end = performance.now() + 40;
      while (performance.now() < end);
    }),
  );
  const late = errorOf(
    probe.ask(
      run(() => {
        started = true;
      }),
      { timeoutMs: 10 },
    ),
  );
  await busy;
  expect(await late).toBeInstanceOf(TemporarilyUnavailable);
  expect(await late).toMatchObject({ reason: 'deadline' });
  await turns();
  expect(started).toBe(false);
  expect(observer.count('expired')).toBe(1);
});

test('a deadline that passes in a handler rejects the asker, and the slot is held until the handler has ended', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const gate = newGate<string>();
  const slow = probe.ask(
    run(() => gate.promise),
    { timeoutMs: ENOUGH_TO_START_MS },
  );
  const next = probe.ask(run(() => 'next'));
  const error = await errorOf(slow);
  expect(error).toBeInstanceOf(TemporarilyUnavailable);
  expect(error).toMatchObject({ reason: 'deadline' });
  await turns();
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 1, inFlight: 1 }]);
  expect(observer.outcomes).toEqual([]);

  gate.open('too late');
  expect(await next).toBe('next');
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('what a handler does after its deadline reaches nobody: neither its refusal nor its crash is unhandled', async () => {
  const observer = new Recorder();
  const probe = spawnProbe(newGuardian({ observer }));
  const [refusing, crashing] = [newGate(), newGate()];
  const asks = [refusing, crashing].map((gate) =>
    probe.ask(
      run(() => gate.promise),
      { timeoutMs: ENOUGH_TO_START_MS },
    ),
  );
  for (const ask of asks) expect(await errorOf(ask)).toMatchObject({ reason: 'deadline' });
  refusing.fail(new InvalidGrant('late'));
  crashing.fail(new Error('late'));
  await turns();
  expect(observer.count('refused')).toBe(1);
  expect(observer.crashes).toHaveLength(1);
  expect(await probe.ask(run(({ life }) => life))).toBe(2);
});

test('without a time of its own an ask has the time that its actor gives', async () => {
  const probe = spawnProbe(newGuardian(), { askTimeoutMs: 15 });
  const gate = newGate();
  expect(await errorOf(probe.ask(run(() => gate.promise)))).toMatchObject({ reason: 'deadline' });
  expect(
    await probe.ask(
      run(() => sleep(40).then(() => 'in time')),
      { timeoutMs: 5000 },
    ),
  ).toBe('in time');
  gate.open();
});

test('a tell has no deadline', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 1, askTimeoutMs: 10 });
  const gate = newGate();
  probe.tell(run(() => gate.promise));
  const told = newGate<string>();
  probe.tell(
    run(() => {
      told.open('served');
    }),
  );
  await sleep(30);
  gate.open();
  expect(await told.promise).toBe('served');
});

test('an ask that was answered, refused or failed leaves no timer behind', async () => {
  const probe = spawnProbe(newGuardian());
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  await Promise.allSettled(
    Array.from({ length: 30 }, (_, index) => [
      probe.ask(run(() => index)),
      probe.ask(run(() => Promise.reject(new InvalidGrant('refused')))),
      probe.ask(run(() => Promise.reject(new Error('bug')))),
    ]).flat(),
  );
  expect(timers()).toBe(before);
});

test('an answer that comes after the asker was told that it took too long is counted as expired', async () => {
  const observer = new Recorder();
  const probe = spawnProbe(newGuardian({ observer }), { askTimeoutMs: ENOUGH_TO_START_MS });
  const gate = newGate();
  expect(await errorOf(probe.ask(run(() => gate.promise)))).toMatchObject({ reason: 'deadline' });
  gate.open();
  await turns();
  expect(observer.outcomes).toMatchObject([{ outcome: 'expired' }]);
  expect(observer.outcomes[0]!.durationMs).toBeGreaterThan(0);
});
