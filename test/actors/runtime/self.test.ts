import { expect, test } from '@jest/globals';
import { ServerError } from '../../../src/oauth/errors.ts';
import { errorOf, newGuardian, run, sleep, spawnProbe, turns } from '../../support/actors.ts';

test('an actor may ask itself while it has a slot left', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 2 });
  const nested = run(async (_state, self) => {
    const inner = await self.ask(run(({ served }) => served));
    return ['outer', inner];
  });
  expect(await Promise.all([probe.ask(nested), probe.ask(run(() => 'other'))])).toEqual([
    ['outer', 3],
    'other',
  ]);
});

test('an actor that asks itself with its last slot gets its deadline, not a deadlock', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 1 });
  let inner = 0;
  const nested = run((_state, self) =>
    self.ask(
      run(() => (inner += 1)),
      { timeoutMs: 20 },
    ),
  );
  expect(await errorOf(probe.ask(nested))).toMatchObject({ reason: 'deadline' });
  expect(await probe.ask(run(({ life }) => life))).toBe(1);
  expect(inner).toBe(0);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('what an actor tells itself runs after what was waiting before it', async () => {
  const probe = spawnProbe(newGuardian());
  const order: string[] = [];
  const asks = [
    probe.ask(
      run((_state, self) => {
        order.push('first');
        self.tell(run(() => order.push('told by first')));
      }),
    ),
    probe.ask(run(() => order.push('second'))),
  ];
  await Promise.all(asks);
  await turns();
  expect(order).toEqual(['first', 'second', 'told by first']);
});

test('an actor that tells itself more than its mailbox holds loses the surplus and goes on', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { mailboxLimit: 3 });
  let served = 0;
  await probe.ask(
    run((_state, self) => {
      for (let time = 0; time < 10; time += 1) self.tell(run(() => (served += 1)));
    }),
  );
  await turns();
  expect(served).toBe(3);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('a message that an actor asked itself is served by the next life if the asking handler crashes', async () => {
  const probe = spawnProbe(newGuardian());
  let inner: Promise<unknown> | undefined;
  const crashing = run((_state, self) => {
    inner = self.ask(run(({ life }) => life));
    throw new Error('bug');
  });
  expect(await errorOf(probe.ask(crashing))).toBeInstanceOf(ServerError);
  expect(await inner).toBe(2);
});

test('a reference to itself that an earlier life kept reaches the life of now', async () => {
  const probe = spawnProbe(newGuardian());
  const kept = await probe.ask(run((_state, self) => ({ self })));
  await errorOf(
    probe.ask(
      run(() => {
        throw new Error('bug');
      }),
    ),
  );
  expect(await kept.self.ask(run(({ life }) => life))).toBe(2);
});

test('a timer sends its message again and again, through crashes too', async () => {
  const lives: number[] = [];
  const probe = spawnProbe(newGuardian(), {
    timers: [
      {
        everyMs: 2,
        message: run(({ life }) => {
          lives.push(life);
          if (lives.length === 2) throw new Error('bug');
        }),
      },
    ],
  });
  while (lives.length < 4) await turns(1);
  expect(lives.slice(0, 4)).toEqual([1, 1, 2, 2]);
  await probe.drain(1000);
  const count = lives.length;
  await sleep(20);
  expect(lives).toHaveLength(count);
});
