import { expect, test } from '@jest/globals';
import { InvalidGrant, ServerError, TemporarilyUnavailable } from '../../../src/oauth/errors.ts';
import {
  errorOf,
  newGate,
  newGuardian,
  Recorder,
  run,
  spawnProbe,
  turns,
  type Gate,
} from '../../support/actors.ts';

const crashNow = run(() => {
  throw new Error('the bug and its details');
});

const crashLater = run(async () => {
  await turns(1);
  throw new Error('the bug and its details');
});

test.each([
  ['throws', crashNow],
  ['rejects', crashLater],
])(
  'a handler that %s with a bug answers its asker at once, and with nothing of the cause',
  async (_, crash) => {
    const observer = new Recorder();
    const probe = spawnProbe(newGuardian({ observer }), { askTimeoutMs: 60_000 });
    const error = await errorOf(probe.ask(crash));
    expect(error).toBeInstanceOf(ServerError);
    expect(error.cause).toBeUndefined();
    expect(JSON.stringify([error.message, error.stack, error])).not.toContain('details');
    expect(observer.crashes).toEqual([
      {
        actor: 'probe',
        message: 'run',
        error: expect.objectContaining({ message: 'the bug and its details' }),
      },
    ]);
    expect(observer.count('failed')).toBe(1);
  },
);

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'bug'],
  ['an object', { message: 'bug' }],
])('%s that is thrown is a bug too', async (_, thrown) => {
  const probe = spawnProbe(newGuardian());
  const throwing = run(() => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw thrown;
  });
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  const rejecting = run(() => Promise.reject(thrown));
  expect(await errorOf(probe.ask(throwing))).toBeInstanceOf(ServerError);
  expect(await errorOf(probe.ask(rejecting))).toBeInstanceOf(ServerError);
  expect(await probe.ask(run(({ life }) => life))).toBe(3);
});

test('a crash loses none of the messages that are in flight, and they end in the life that they began in', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian);
  const gates: Gate[] = Array.from({ length: 10 }, () => newGate());
  const answers = gates.map((gate, index) =>
    probe.ask(
      run(async ({ life }) => {
        await gate.promise;
        return [index, life];
      }),
    ),
  );
  await errorOf(probe.ask(crashNow));
  await errorOf(probe.ask(crashLater));
  expect(guardian.stats()).toMatchObject([{ inFlight: 10, restarts: 2 }]);
  for (const gate of gates) gate.open();
  expect(await Promise.all(answers)).toEqual(gates.map((_, index) => [index, 1]));
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test.each([
  ['synchronous', crashNow],
  ['asynchronous', crashLater],
])('the mailbox outlives a %s crash and is served by a new life with new state', async (_, crash) => {
  const guardian = newGuardian();
  const lives: number[] = [];
  const probe = spawnProbe(guardian, { concurrency: 1, onLife: (life) => lives.push(life) });
  const seen = run((state) => [state.life, state.served]);
  const before = [probe.ask(seen), probe.ask(seen)];
  const crashed = errorOf(probe.ask(crash));
  const after = [probe.ask(seen), probe.ask(seen), probe.ask(seen)];
  expect(await Promise.all(before)).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect(await crashed).toBeInstanceOf(ServerError);
  expect(await Promise.all(after)).toEqual([
    [2, 1],
    [2, 2],
    [2, 3],
  ]);
  expect(lives).toEqual([1, 2]);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0, restarts: 1 }]);
});

test('an OAuthError is an answer: its asker gets the very same one, and the actor keeps its state', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian);
  const refusal = new InvalidGrant('The code cannot be redeemed');
  const fault = new TemporarilyUnavailable('storage');
  for (const error of [refusal, fault]) {
    const throwing = run(() => {
      throw error;
    });
    expect(await errorOf(probe.ask(throwing))).toBe(error);
    expect(await errorOf(probe.ask(run(() => Promise.reject(error))))).toBe(error);
  }
  expect(await probe.ask(run((state) => [state.life, state.served]))).toEqual([1, 5]);
  expect(observer.crashes).toEqual([]);
  expect(observer.count('refused')).toBe(2);
  expect(observer.count('failed')).toBe(2);
  expect(observer.failures).toEqual([
    { actor: 'probe', message: 'run', error: fault },
    { actor: 'probe', message: 'run', error: fault },
  ]);
  expect(guardian.stats()).toMatchObject([{ restarts: 0 }]);
});

test('the crash of an actor that was asked is an answer to the one who asked: only the first crashes', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const asked = spawnProbe(guardian, { name: 'asked' });
  const asking = spawnProbe(guardian, { name: 'asking' });
  expect(await errorOf(asking.ask(run(() => asked.ask(crashLater))))).toBeInstanceOf(ServerError);
  expect(observer.crashes.map(({ actor }) => actor)).toEqual(['asked']);
  expect(observer.outcomes.map(({ actor, outcome }) => [actor, outcome])).toEqual([
    ['asked', 'failed'],
    ['asking', 'failed'],
  ]);
  expect(await asking.ask(run(({ life }) => life))).toBe(1);
});

test.each([
  ['throws', crashNow],
  ['rejects', crashLater],
])(
  'a told message whose handler %s with a bug restarts the actor and disturbs nobody else',
  async (_, crash) => {
    const observer = new Recorder();
    const probe = spawnProbe(newGuardian({ observer }));
    probe.tell(crash);
    await turns();
    expect(observer.crashes).toHaveLength(1);
    expect(await probe.ask(run(({ life }) => life))).toBe(2);
  },
);

test('several messages of one life that crash are one restart', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian);
  const gates: Gate[] = Array.from({ length: 5 }, () => newGate());
  const asks = gates.map((gate) => errorOf(probe.ask(run(() => gate.promise))));
  await turns();
  for (const gate of gates) gate.fail(new Error('bug'));
  for (const error of await Promise.all(asks)) expect(error).toBeInstanceOf(ServerError);
  expect(guardian.stats()).toMatchObject([{ restarts: 1 }]);
  expect(await probe.ask(run(({ life }) => life))).toBe(2);
});

test('a message of an old life that crashes late does not end the life that follows', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian);
  const gate = newGate();
  const late = errorOf(probe.ask(run(() => gate.promise)));
  await errorOf(probe.ask(crashNow));
  expect(await probe.ask(run((state) => [state.life, state.served]))).toEqual([2, 1]);
  gate.fail(new Error('bug'));
  expect(await late).toBeInstanceOf(ServerError);
  expect(await probe.ask(run((state) => [state.life, state.served]))).toEqual([2, 2]);
  expect(guardian.stats()).toMatchObject([{ restarts: 1 }]);
});

test('whoever waits for a slot gets it from a handler that crashed, and crashing there frees it for the next', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 2 });
  const [first, second] = [newGate(), newGate<string>()];
  const crashing = errorOf(probe.ask(run(() => first.promise)));
  const holding = probe.ask(run(() => second.promise));
  await turns();
  const waiting = Array.from({ length: 6 }, () => errorOf(probe.ask(crashNow)));
  const last = probe.ask(run((state) => [state.life, state.served]));
  await turns();
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 7, inFlight: 2 }]);
  first.fail(new Error('bug'));
  for (const error of await Promise.all([crashing, ...waiting])) expect(error).toBeInstanceOf(ServerError);
  expect(await last).toEqual([8, 1]);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 1, restarts: 7 }]);
  second.open('kept');
  expect(await holding).toBe('kept');
  expect(guardian.stats()).toMatchObject([{ inFlight: 0 }]);
});

test('among hundreds of crashes each message is answered once, and nothing is left over', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 8 });
  const answers = await Promise.all(
    Array.from({ length: 600 }, (_, index) => {
      const answer =
        index % 3 === 0
          ? probe.ask(crashNow)
          : index % 3 === 1
            ? probe.ask(crashLater)
            : probe.ask(run(() => turns(index % 4).then(() => index)));
      return answer.catch((error: unknown) => error);
    }),
  );
  answers.forEach((answer, index) => {
    if (index % 3 === 2) expect(answer).toBe(index);
    else expect(answer).toBeInstanceOf(ServerError);
  });
  expect(observer.outcomes).toHaveLength(600);
  expect(observer.crashes).toHaveLength(400);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});
