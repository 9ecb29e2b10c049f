import { expect, test } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { setTimeout as coreTimeout } from 'node:timers/promises';
import { TemporarilyUnavailable } from '../../../src/oauth/errors.ts';
import {
  errorOf,
  newGate,
  newGuardian,
  Recorder,
  run,
  sleep,
  spawnProbe,
  turns,
  type Gate,
} from '../../support/actors.ts';

test('a full mailbox refuses the next ask at once and drops the next tell, and what it holds is served', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 1, mailboxLimit: 3 });
  const gate = newGate();
  const blocking = probe.ask(run(() => gate.promise));
  await turns();
  const waiting = [1, 2, 3].map((value) => probe.ask(run(() => value)));
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 3, mailboxLimit: 3, inFlight: 1 }]);

  let refusal: unknown;
  probe.ask(run(() => 'never')).catch((error: unknown) => {
    refusal = error;
  });
  await Promise.resolve(); // Less than a turn of the event loop: nothing else can have happened.
  expect(refusal).toBeInstanceOf(TemporarilyUnavailable);
  expect(refusal).toMatchObject({ reason: 'overload', code: 'temporarily_unavailable' });
  let told = false;
  const tell = run(() => {
    told = true;
  });
  expect(probe.tell(tell)).toBe(false);
  expect(observer.count('rejected')).toBe(2);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 3, inFlight: 1 }]);

  gate.open();
  await blocking;
  expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
  expect(await probe.ask(run(() => 'later'))).toBe('later');
  expect(told).toBe(false);
  expect(probe.tell(tell)).toBe(true);
  await turns();
  expect(told).toBe(true);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0, restarts: 0 }]);
});

test('a mailbox has room again as soon as one of its messages has started', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 1, mailboxLimit: 1 });
  const gates = [newGate(), newGate()];
  const first = probe.ask(run(() => gates[0]!.promise));
  await turns();
  const second = probe.ask(run(() => gates[1]!.promise));
  expect(await errorOf(probe.ask(run(() => 0)))).toMatchObject({ reason: 'overload' });
  gates[0]!.open();
  await first;
  await turns();
  const third = probe.ask(run(() => 'third'));
  gates[1]!.open();
  await second;
  expect(await third).toBe('third');
});

test('no more messages are in flight than the bound allows, the rest waits, and the figures say so at each step', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 4 });
  const started: number[] = [];
  const gates: Gate[] = Array.from({ length: 20 }, () => newGate());
  const answers = gates.map((gate, index) =>
    probe.ask(
      run(async () => {
        started.push(index);
        await gate.promise;
        return index;
      }),
    ),
  );
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 20, inFlight: 0 }]);
  for (let done = 0; done < 20; done += 1) {
    await turns();
    expect(started).toEqual(Array.from({ length: Math.min(20, done + 4) }, (_, index) => index));
    expect(guardian.stats()).toMatchObject([
      { mailboxDepth: Math.max(0, 16 - done), inFlight: Math.min(4, 20 - done) },
    ]);
    gates[done]!.open();
    expect(await answers[done]).toBe(done);
  }
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('slots that are freed together are all taken, whatever the order in which the work ends', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { concurrency: 5 });
  let inFlight = 0;
  let most = 0;
  const gates: Gate[] = Array.from({ length: 60 }, () => newGate());
  const answers = gates.map((gate) =>
    probe.ask(
      run(async () => {
        most = Math.max(most, (inFlight += 1));
        await gate.promise;
        inFlight -= 1;
      }),
    ),
  );
  for (let base = 0; base < 60; base += 5) {
    await turns();
    expect(inFlight).toBe(5);
    expect(guardian.stats()[0]!.inFlight).toBe(5);
    for (const gate of gates.slice(base, base + 5).reverse()) gate.open();
    await Promise.all(answers.slice(base, base + 5));
  }
  expect(most).toBe(5);
});

test('a handler that answers without waiting holds no slot, and messages are served in the order they came', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 1 });
  const order: number[] = [];
  await Promise.all(Array.from({ length: 100 }, (_, index) => probe.ask(run(() => order.push(index)))));
  expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index));
});

test('anything with a then is waited for within the bound, be it a foreign promise or a lazy query', async () => {
  const observer = new Recorder();
  const guardian = newGuardian({ observer });
  const probe = spawnProbe(guardian, { concurrency: 1 });
  const query = {
    then: (resolve: (rows: string) => void, reject: (error: Error) => void) => {
      if (guardian.stats()[0]!.inFlight === 1) resolve('rows');
      else reject(new Error('select secret from sql'));
    },
  };
  const failing = {
    then: (_resolve: unknown, reject: (error: Error) => void) => {
      reject(new Error('select secret from sql'));
    },
  };
  // Made outside jest's sandbox: a promise, but not an instance of the Promise that is known here.
  const foreign = probe.ask(run(() => coreTimeout(5, 'foreign')));
  const lazy = probe.ask(run(() => query));
  expect(await Promise.all([foreign, lazy])).toEqual(['foreign', 'rows']);
  expect(await errorOf(probe.ask(run(() => failing)))).toMatchObject({ code: 'server_error' });
  expect(observer.crashes).toHaveLength(1);
});

test('the observer hears of each message once: how long it waited, what became of it and how long that took', async () => {
  const observer = new Recorder();
  const probe = spawnProbe(newGuardian({ observer }), { name: 'timed', concurrency: 1 });
  const gate = newGate();
  const asks = [probe.ask(run(() => gate.promise)), probe.ask(run(() => 'second'))];
  await turns();
  const heldSince = performance.now();
  await sleep(20);
  const heldMs = performance.now() - heldSince;
  gate.open();
  await Promise.all(asks);
  await turns();
  expect(observer.outcomes).toEqual([
    { actor: 'timed', message: 'run', outcome: 'ok', durationMs: expect.any(Number) },
    { actor: 'timed', message: 'run', outcome: 'ok', durationMs: expect.any(Number) },
  ]);
  expect(observer.outcomes[0]!.durationMs).toBeGreaterThanOrEqual(heldMs);
  expect(observer.waits).toEqual([
    { actor: 'timed', message: 'run', waitMs: expect.any(Number) },
    { actor: 'timed', message: 'run', waitMs: expect.any(Number) },
  ]);
  expect(observer.waits[1]!.waitMs).toBeGreaterThanOrEqual(heldMs);
});

test('an actor whose slots are all taken sleeps until one is free, however much is waiting', async () => {
  const probe = spawnProbe(newGuardian(), { concurrency: 1 });
  const gate = newGate();
  const asks = Array.from({ length: 100 }, () => probe.ask(run(() => gate.promise)));
  await turns();
  const loops = () => performance.nodeTiming.uvMetricsInfo.loopCount;
  const before = loops();
  await sleep(100);
  // Asking for turn after turn would make it thousands.
  expect(loops() - before).toBeLessThan(50);
  gate.open();
  await Promise.all(asks);
});

test('one turn of the event loop starts many messages, but leaves others their turn', async () => {
  const probe = spawnProbe(newGuardian(), { mailboxLimit: 5000 });
  let served = 0;
  const asks = Array.from({ length: 5000 }, () => probe.ask(run(() => (served += 1))));
  await turns(1);
  expect(served).toBeGreaterThan(1);
  expect(served).toBeLessThan(5000);
  await Promise.all(asks);
});

test('more than one turn’s worth of messages is started without waiting for the first to end', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { mailboxLimit: 2000, concurrency: 1500 });
  const gate = newGate();
  const asks = Array.from({ length: 2000 }, () => probe.ask(run(() => gate.promise)));
  await turns(50);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 500, inFlight: 1500 }]);
  gate.open();
  await Promise.all(asks);
});
