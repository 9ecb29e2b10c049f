import { expect, test } from '@jest/globals';
import { ServerError, TemporarilyUnavailable } from '../../../src/oauth/errors.ts';
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

const crash = run(() => {
  throw new Error('bug');
});

test('one crash more than the limit within the window stops the actor, and the guardian says so once', async () => {
  const exhausted: string[] = [];
  const guardian = newGuardian({ restartLimit: 2, onExhausted: (actor) => exhausted.push(actor) });
  const probe = spawnProbe(guardian, { name: 'fragile' });
  const other = spawnProbe(guardian, { name: 'sound' });
  await errorOf(probe.ask(crash));
  await errorOf(probe.ask(crash));
  expect([exhausted, guardian.exhaustedBy]).toEqual([[], undefined]);
  expect(await probe.ask(run(({ life }) => life))).toBe(3);

  expect(await errorOf(probe.ask(crash))).toBeInstanceOf(ServerError);
  expect([exhausted, guardian.exhaustedBy]).toEqual([['fragile'], 'fragile']);
  const refused = await errorOf(probe.ask(run(() => 'never')));
  expect(refused).toBeInstanceOf(TemporarilyUnavailable);
  expect(refused).toMatchObject({ reason: 'stopped' });
  expect(await other.ask(run(() => 'still here'))).toBe('still here');
  expect(guardian.stats()).toMatchObject([
    { name: 'fragile', restarts: 2, mailboxDepth: 0, inFlight: 0 },
    { name: 'sound', restarts: 0 },
  ]);
});

test.each([
  ['synchronous', crash],
  ['asynchronous', run(() => Promise.reject(new Error('bug')))],
])('a %s crash beyond the limit rejects all that is queued and in flight', async (_, lastCrash) => {
  const guardian = newGuardian({ restartLimit: 0 });
  const probe = spawnProbe(guardian, { concurrency: 3 });
  const gates = [newGate(), newGate()];
  const inFlight = gates.map((gate) => errorOf(probe.ask(run(() => gate.promise))));
  await turns();
  const crashed = errorOf(probe.ask(lastCrash));
  let started = 0;
  const queued = Array.from({ length: 5 }, () =>
    errorOf(
      probe.ask(
        run(() => {
          started += 1;
        }),
      ),
    ),
  );
  expect(await crashed).toBeInstanceOf(ServerError);
  for (const error of await Promise.all([...inFlight, ...queued])) {
    expect(error).toMatchObject({ code: 'temporarily_unavailable', reason: 'stopped' });
  }
  // What was in flight ends when it ends, and is counted until then.
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 2 }]);
  for (const gate of gates) gate.open();
  await turns();
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0, restarts: 0 }]);
  expect(started).toBe(0);
});

test('only the first actor that is given up on is told of, and work that crashes afterwards adds nothing', async () => {
  const exhausted: string[] = [];
  const guardian = newGuardian({ restartLimit: 0, onExhausted: (actor) => exhausted.push(actor) });
  const [first, second] = [spawnProbe(guardian, { name: 'first' }), spawnProbe(guardian, { name: 'second' })];
  const gate = newGate();
  const pending = errorOf(first.ask(run(() => gate.promise)));
  await errorOf(first.ask(crash));
  await errorOf(second.ask(crash));
  gate.fail(new Error('bug'));
  expect(await pending).toMatchObject({ reason: 'stopped' });
  await turns();
  expect([exhausted, guardian.exhaustedBy]).toEqual([['first'], 'first']);
  expect(guardian.stats()).toMatchObject([{ restarts: 0 }, { restarts: 0 }]);
});

test('the window slides: crashes that are far enough apart never use up the restarts', async () => {
  const guardian = newGuardian({ restartLimit: 1, restartWindowMs: 30 });
  const probe = spawnProbe(guardian);
  for (let time = 0; time < 4; time += 1) {
    await errorOf(probe.ask(crash));
    await sleep(40);
  }
  expect(guardian.exhaustedBy).toBeUndefined();
  expect(await probe.ask(run(({ life }) => life))).toBe(5);
});

test('the guardian counts within the window and each actor for itself', () => {
  const exhausted: string[] = [];
  const guardian = newGuardian({
    restartLimit: 2,
    restartWindowMs: 1000,
    onExhausted: (actor) => exhausted.push(actor),
  });
  expect([0, 500, 1000, 1500, 2000].map((now) => guardian.decide('steady', now))).toEqual(
    Array.from({ length: 5 }, () => 'restart'),
  );
  expect([0, 1, 2].map((now) => guardian.decide('other', now))).toEqual(['restart', 'restart', 'stop']);
  expect(guardian.decide('steady', 2001)).toBe('stop');
  expect(exhausted).toEqual(['other']);
});

test('an actor that cannot begin its first life is not spawned, and whoever spawns it is told why', () => {
  const guardian = newGuardian();
  const unable = () => {
    spawnProbe(guardian, {
      onLife: () => {
        throw new Error('cannot begin');
      },
    });
  };
  expect(unable).toThrow('cannot begin');
  expect(guardian.stats()).toEqual([]);
});

test('a new life that cannot begin is a crash of the message it began for, and is tried again with the next', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, {
    onLife: (life) => {
      if (life === 2 || life === 3) throw new Error('cannot begin');
    },
  });
  const lifeNow = () => probe.ask(run(({ life }) => life));
  const asks = [errorOf(probe.ask(crash)), errorOf(lifeNow()), errorOf(lifeNow()), lifeNow()];
  expect((await Promise.all(asks)).slice(0, 3).map(({ code }) => code)).toEqual([
    'server_error',
    'server_error',
    'server_error',
  ]);
  expect(await asks[3]).toBe(4);
  expect(observer.crashes).toHaveLength(3);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0, restarts: 3 }]);
});

test('an actor whose new lives never begin uses up its restarts instead of trying for ever', async () => {
  const guardian = newGuardian({ restartLimit: 5 });
  const probe = spawnProbe(guardian, {
    concurrency: 1,
    onLife: (life) => {
      if (life > 1) throw new Error('cannot begin');
    },
  });
  const crashed = errorOf(probe.ask(crash));
  const errors = await Promise.all(Array.from({ length: 20 }, () => errorOf(probe.ask(run(() => 'never')))));
  expect(await crashed).toMatchObject({ code: 'server_error' });
  expect(errors.map(({ reason, code }) => reason ?? code)).toEqual([
    ...Array.from({ length: 5 }, () => 'server_error'),
    ...Array.from({ length: 15 }, () => 'stopped'),
  ]);
  expect(guardian.exhaustedBy).toBe('probe');
});
