import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { stat } from 'node:fs/promises';
import { createBatcher } from '../../../src/actors/runtime/batch.ts';
import { errorOf, newGuardian, run, sleep, spawnProbe, turns } from '../../support/actors.ts';

const SENDER = createContextKey('sender');

const sender = () => context.active().getValue(SENDER);

/** Runs `action` as the sender `id`. */
function as<T>(id: number, action: () => T): T {
  return context.with(ROOT_CONTEXT.setValue(SENDER, id), action);
}

/** Waits for I/O of one kind or another, for more or less time. */
async function io(id: number): Promise<void> {
  if (id % 3 === 0) await stat('package.json');
  else if (id % 3 === 1) await sleep(id % 7);
  else await turns(id % 5);
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterAll(() => {
  context.disable();
});

test('each handler, and each of its continuations, runs in the context of whoever sent its message', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 7 });
  const seen = await Promise.all(
    Array.from({ length: 300 }, (_, id) =>
      as(id, async () => {
        const inHandler = await probe.ask(
          run(async () => {
            const senders = [sender()];
            for (let step = 0; step < 3; step += 1) {
              await io(id + step);
              senders.push(sender());
            }
            return senders;
          }),
        );
        return [...inHandler, sender()];
      }),
    ),
  );
  expect(seen).toEqual(Array.from({ length: 300 }, (_, id) => [id, id, id, id, id]));
});

test('a context travels through actors that ask one another and through work that is batched together', async () => {
  const guardian = newGuardian();
  const sizes: number[] = [];
  const store = createBatcher<number, number>({
    run: async (ids) => {
      await sleep(2);
      return ids;
    },
    maxSize: 50,
    concurrency: 2,
    onSend: (size) => sizes.push(size),
  });
  const last = spawnProbe(guardian, { name: 'last', concurrency: 40 });
  const middle = spawnProbe(guardian, { name: 'middle', concurrency: 30 });
  const first = spawnProbe(guardian, { name: 'first', concurrency: 20 });
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, id) =>
      as(id, () =>
        first.ask(
          run(async () => {
            const senders = [sender()];
            const further = await middle.ask(
              run(async () => {
                const here = [sender()];
                const stored = await last.ask(
                  run(async () => {
                    const before = sender();
                    const row = await store(id);
                    return [before, row, sender()];
                  }),
                );
                return [...here, ...stored, sender()];
              }),
            );
            senders.push(...further, sender());
            return senders;
          }),
        ),
      ),
    ),
  );
  expect(seen).toEqual(Array.from({ length: 200 }, (_, id) => [id, id, id, id, id, id, id]));
  expect(Math.max(...sizes)).toBeGreaterThan(1);
});

test('a told message, and what its handler tells the actor itself, carry the context of their sender', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 3 });
  const seen: unknown[] = [];
  for (let id = 0; id < 100; id += 1) {
    as(id, () => {
      probe.tell(
        run(async (_state, self) => {
          await io(id);
          self.tell(run(() => seen.push([id, sender()])));
        }),
      );
    });
  }
  while (seen.length < 100) await turns(1);
  expect(seen.filter(([id, from]: any) => id !== from)).toEqual([]);
});

test('a crash leaves no context behind: the next handler and the failed asker are each in their own', async () => {
  const probe = spawnProbe(newGuardian());
  const crash = as(1, async () => {
    await errorOf(
      probe.ask(
        run(() => {
          throw new Error('bug');
        }),
      ),
    );
    return sender();
  });
  const next = as(2, () => probe.ask(run(() => sender())));
  const nobody = probe.ask(run(() => sender()));
  expect(await Promise.all([crash, next, nobody])).toEqual([1, 2, undefined]);
});

test('handlers that waited for a slot run in the context of their own sender, not of whoever freed the slot', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 1 });
  const seen = await Promise.all(
    Array.from({ length: 50 }, (_, id) =>
      as(id, () =>
        probe.ask(
          run(async () => {
            const atStart = sender();
            await io(id);
            return [atStart, sender()];
          }),
        ),
      ),
    ),
  );
  expect(seen).toEqual(Array.from({ length: 50 }, (_, id) => [id, id]));
});
