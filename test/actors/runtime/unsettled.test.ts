import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { Envelope } from '../../../src/actors/runtime/mailbox.ts';
import { Unsettled } from '../../../src/actors/runtime/unsettled.ts';
import { eventually } from '../../support/eventually.ts';

const UNDER_WAY = 64;
const MESSAGES = 100_000;
const LOOK_EVERY = 1000;

function envelope(timeoutMs: number, text = ''): Envelope {
  return new Envelope(
    { type: 'any', text } as { type: 'any' },
    performance.now(),
    timeoutMs,
    () => undefined,
  );
}

test('tells of each that is late, once, and of none that was taken out', async () => {
  const late: Envelope[] = [];
  const unsettled = new Unsettled((one) => late.push(one));
  const [soon, settled, alsoSoon, distant] = [envelope(5), envelope(5), envelope(20), envelope(60_000)];
  for (const one of [soon, settled, alsoSoon, distant]) unsettled.add(one);
  unsettled.delete(settled);
  unsettled.delete(settled);
  await eventually(() => late.length === 2);
  expect(late).toEqual([soon, alsoSoon]);
  unsettled.delete(soon);
  expect(unsettled.takeAll()).toEqual([distant]);
  expect(unsettled.takeAll()).toEqual([]);
});

test('one that is taken out while another is told of is not told of', async () => {
  const late: Envelope[] = [];
  const all = [envelope(5), envelope(5)] as [Envelope, Envelope];
  const unsettled = new Unsettled((one) => {
    late.push(one);
    for (const each of all) unsettled.delete(each);
  });
  for (const one of all) unsettled.add(one);
  unsettled.add(all[0]);
  await eventually(() => late.length > 0);
  expect(late).toEqual([all[0]]);
  expect(unsettled.takeAll()).toEqual([]);
});

test('keeps all of the others wherever one is taken out', () => {
  const unsettled = new Unsettled(() => undefined);
  const all = Array.from({ length: 5 }, () => envelope(60_000));
  for (const one of all) unsettled.add(one);
  const [first, second, third, fourth, last] = all as [Envelope, Envelope, Envelope, Envelope, Envelope];
  unsettled.delete(last);
  unsettled.delete(first);
  unsettled.add(first);
  unsettled.delete(third);
  expect(unsettled.takeAll()).toEqual([first, second, fourth]);
});

test('what was under way is not taken for alive until the next look at the whole heap', () => {
  const unsettled = new Unsettled(() => undefined);
  const underWay = Array.from({ length: UNDER_WAY }, () => envelope(Infinity));
  for (const one of underWay) unsettled.add(one);
  collectGarbage();
  let grownBytes = 0;
  let lastBytes = oldBytes();
  for (let message = 0; message < MESSAGES; message += 1) {
    const slot = message % UNDER_WAY;
    const next = envelope(Infinity, 'x'.repeat(1000) + String(message));
    unsettled.delete(underWay[slot]!);
    unsettled.add(next);
    underWay[slot] = next;
    if (message % LOOK_EVERY > 0) continue;
    const bytes = oldBytes();
    grownBytes += Math.max(0, bytes - lastBytes);
    lastBytes = bytes;
  }
  unsettled.takeAll();
  expect(grownBytes / MESSAGES).toBeLessThan(100);
});

/** All that is alive is old from then on. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')!.space_used_size;
}
