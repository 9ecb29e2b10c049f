import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { spawnActor } from '../../../src/actors/runtime/actor.ts';
import type { ActorRef } from '../../../src/actors/runtime/protocol.ts';
import { routeByKey } from '../../../src/actors/runtime/route-by-key.ts';
import { errorOf, newGate, newGuardian, turns } from '../../support/actors.ts';

interface Visit {
  readonly type: 'visit';
  readonly key: string;
  readonly until?: Promise<void>;
}
interface VisitReplies {
  readonly visit: { readonly instance: string; readonly visits: number };
}
type VisitRef = ActorRef<Visit, VisitReplies>;

/** Counts the visits of each key; an instance knows only of those that it received. */
function spawnCounters(count: number): [VisitRef, ...VisitRef[]] {
  const guardian = newGuardian();
  return Array.from({ length: count }, (_, index) =>
    spawnActor<Visit, VisitReplies>({
      name: `counter-${index + 1}`,
      guardian,
      limits: { mailboxLimit: 10_000, concurrency: 100, askTimeoutMs: 10_000 },
      behave: ({ name }) => {
        const visits = new Map<string, number>();
        return {
          visit: async ({ key, until }) => {
            visits.set(key, (visits.get(key) ?? 0) + 1);
            await until;
            return { instance: name, visits: visits.get(key)! };
          },
        };
      },
    }),
  ) as [VisitRef, ...VisitRef[]];
}

const visit = (key: string): Visit => ({ type: 'visit', key });

test('messages with one key always reach one instance, asked or told', async () => {
  const counters = routeByKey(spawnCounters(4), ({ key }) => key);
  const keys = [...Array.from({ length: 50 }, () => randomUUID()), '', 'ü', 'key', 'yek'];
  for (let round = 1; round <= 3; round += 1) {
    for (const key of keys) counters.tell(visit(key));
    const replies = await Promise.all(keys.map((key) => counters.ask(visit(key))));
    expect(replies.map(({ visits }) => visits)).toEqual(keys.map(() => round * 2));
  }
});

test('keys are spread over all instances, and none has much more than its share', async () => {
  const counters = routeByKey(spawnCounters(4), ({ key }) => key);
  for (const keyOf of [() => randomUUID(), (index: number) => `client-${index}`]) {
    const share = new Map<string, number>();
    const replies = await Promise.all(
      Array.from({ length: 2000 }, (_, index) => counters.ask(visit(keyOf(index)))),
    );
    for (const { instance } of replies) share.set(instance, (share.get(instance) ?? 0) + 1);
    expect([...share.keys()].sort()).toEqual(['counter-1', 'counter-2', 'counter-3', 'counter-4']);
    for (const count of share.values()) {
      expect(count).toBeGreaterThan(350);
      expect(count).toBeLessThan(650);
    }
  }
});

test('one instance is itself', () => {
  const counters = spawnCounters(1);
  expect(routeByKey(counters, ({ key }) => key)).toBe(counters[0]);
});

test('the group passes on the time an ask is given', async () => {
  const counters = routeByKey(spawnCounters(2), ({ key }) => key);
  const gate = newGate();
  const asked = counters.ask({ ...visit('slow'), until: gate.promise }, { timeoutMs: 10 });
  expect(await errorOf(asked)).toMatchObject({ reason: 'deadline' });
  gate.open();
  await turns();
  expect(counters.name).toBe('counter-1');
});
