import { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ConnectionLine } from '../../src/http/connection-line.ts';

/** So many are under way at least. */
const PLACES = 96;
/** Whoever asks again within a quarter of the wait asks at once; so long a wait that these tests never take it. */
const LIMITS = { requests: 600, waitMs: 60_000 };

/** Connections that ask again at once. */
function eager(line: ConnectionLine, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => new Socket());
  for (const socket of sockets) {
    for (let time = 0; time < 2; time += 1) {
      line.enter(socket);
      line.leave();
      line.join(socket, false);
    }
  }
  expect(line.size).toBe(0);
  return sockets;
}

function fill(line: ConnectionLine): void {
  for (let each = 0; each < PLACES; each += 1) line.enter(new Socket());
}

/** As many requests as there are places, and others who were answered and are to ask again. */
function fullLine(others: number, limits = LIMITS): { line: ConnectionLine; waiting: Socket[] } {
  const line = new ConnectionLine(limits);
  const waiting = eager(line, others);
  fill(line);
  for (const socket of waiting) line.join(socket, false);
  expect(line.size).toBe(others);
  return { line, waiting };
}

async function turns(count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) await turn();
}

test('while there are places nobody stands in line, and who does is not read', async () => {
  const line = new ConnectionLine(LIMITS);
  const [next] = eager(line, 1);
  for (let each = 1; each < PLACES; each += 1) line.enter(new Socket());
  line.join(next!, false);
  expect(line.has(next!)).toBe(false);
  line.enter(new Socket());
  line.join(next!, false);
  await turn();
  expect([line.size, line.has(next!), next!.isPaused()]).toEqual([1, true, true]);
  line.leave();
  expect([line.size, next!.isPaused()]).toEqual([0, false]);
});

test('who is called in the same turn is read', async () => {
  const { line, waiting } = fullLine(1);
  line.leave();
  await turn();
  expect(waiting[0]!.isPaused()).toBe(false);
});

test('who came first is read first, one for each that is answered', () => {
  const { line, waiting } = fullLine(3);
  const standing = () => waiting.map((socket) => line.has(socket));
  line.leave();
  expect(standing()).toEqual([false, true, true]);
  line.enter(waiting[0]!);
  line.leave();
  expect(standing()).toEqual([false, false, true]);
});

test('a place is kept for who was called, and nobody goes past those who stand in line', () => {
  const { line, waiting } = fullLine(3);
  const [first, second, third] = waiting as [Socket, Socket, Socket];
  for (let each = 0; each < 3; each += 1) line.leave();
  expect(line.size).toBe(0);
  // All three are called, and none has come.
  expect([line.isCalled(first), line.isCalled(new Socket())]).toEqual([true, false]);
  line.enter(first);
  line.join(first, false);
  expect([line.isCalled(first), line.has(first)]).toEqual([false, true]);
  for (const socket of [second, third]) line.enter(socket);
  line.leave();
  line.leave();
  line.join(second, false);
  expect([line.has(first), line.has(second)]).toEqual([false, false]);
});

test('who may lie idle between two requests does not stand in line', async () => {
  const line = new ConnectionLine({ ...LIMITS, waitMs: 40 });
  const sometimes = new Socket();
  for (let time = 0; time < 3; time += 1) {
    line.enter(sometimes);
    line.leave();
    line.join(sometimes, false);
    await sleep(15);
  }
  const often = eager(line, 1)[0]!;
  fill(line);
  for (const socket of [new Socket(), sometimes, often]) line.join(socket, false);
  expect([line.size, line.has(often)]).toEqual([1, true]);
});

test('who was called and has nothing to say keeps the place for two turns of the event loop, not longer', async () => {
  const { line } = fullLine(50);
  line.leave();
  await turns(1);
  expect(line.size).toBe(49);
  await turns(2);
  expect(line.size).toBeLessThan(49);
  // One place is enough for all of them to be asked.
  await turns(200);
  expect(line.size).toBe(0);
});

test('where the event loop has time left, more are under way; where it has not, fewer again', () => {
  const { line, waiting } = fullLine(300);
  for (let look = 0; look < 10; look += 1) line.look(0.1);
  expect(line.size).toBe(300);
  line.look(1);
  const first = 300 - line.size;
  expect(first).toBeGreaterThan(50);
  line.look(1);
  expect(line.size).toBeLessThan(300 - 2 * first);
  for (let look = 0; look < 3; look += 1) line.look(1);
  expect(line.size).toBe(0);
  for (const socket of waiting) line.enter(socket);
  for (let look = 0; look < 50; look += 1) line.look(0);
  for (let left = 0; left < 290; left += 1) line.leave();
  line.join(waiting[0]!, false);
  expect(line.size).toBe(1);
});

test('an idle time before there is a line makes no room for a rush', () => {
  const line = new ConnectionLine(LIMITS);
  const [next] = eager(line, 1);
  for (let look = 0; look < 100; look += 1) line.look(1);
  fill(line);
  line.join(next!, false);
  expect(line.size).toBe(1);
});

test('others who take all the places get every second one that becomes free, not all', () => {
  const { line } = fullLine(100);
  fill(line);
  for (let each = 0; each < 100; each += 1) {
    line.leave();
    line.enter(new Socket());
  }
  expect(line.size).toBeLessThanOrEqual(51);
  expect(line.size).toBeGreaterThan(40);
});

test('whoever waits for too long is read, but not all at once, and only as the event loop has time', () => {
  const { line, waiting } = fullLine(300);
  // Nobody has.
  line.look(0);
  expect(line.size).toBe(300);
  const now = performance.now.bind(performance);
  performance.now = () => now() + LIMITS.waitMs + 1;
  const seen = [0, 0.1, 1].map((idleShare) => {
    line.look(idleShare);
    return line.size;
  });
  performance.now = now;
  expect(seen.slice(0, 2)).toEqual([296, 287]);
  expect(seen[2]).toBeLessThan(250);
  expect(seen[2]).toBeGreaterThan(50);
  expect(line.has(waiting.at(-1)!)).toBe(true);
});

test('while others are turned away, one in ten takes its chance with them', () => {
  const line = new ConnectionLine(LIMITS);
  const sockets = eager(line, 100);
  fill(line);
  for (const socket of sockets) line.join(socket, true);
  expect(line.size).toBe(90);
});

test('a connection that was closed, is about to be, or says something all the same has no place in line', () => {
  const { line, waiting } = fullLine(4);
  const [closed, speaks, refused, next] = waiting as [Socket, Socket, Socket, Socket];
  closed.destroy();
  line.enter(speaks);
  line.forget(refused);
  expect([line.has(speaks), line.has(refused), line.has(next)]).toEqual([false, false, true]);
  line.leave();
  line.leave();
  expect(line.size).toBe(0);
  const ended = speaks.end();
  line.leave();
  fill(line);
  line.join(ended, false);
  expect(line.size).toBe(0);
});

test('at its end those who stand in line still have their turn, and nobody joins them', () => {
  const line = new ConnectionLine(LIMITS);
  const [first, second, late] = eager(line, 3) as [Socket, Socket, Socket];
  fill(line);
  line.join(first, false);
  line.join(second, false);
  line.close();
  line.join(late, false);
  expect([line.size, line.has(late)]).toEqual([2, false]);
  line.leave();
  expect([line.has(first), line.has(second)]).toEqual([false, true]);
  line.leave();
  expect(line.size).toBe(0);
});

test('it lets no more than the limit be under way', () => {
  const line = new ConnectionLine({ ...LIMITS, requests: 4 });
  const [next] = eager(line, 1);
  for (let each = 0; each < 4; each += 1) line.enter(new Socket());
  line.join(next!, false);
  for (let look = 0; look < 100; look += 1) line.look(1);
  expect(line.has(next!)).toBe(true);
});
