import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ConnectionLine } from '../../src/http/connection-line.ts';

/** So many are under way at least. */
const PLACES = 96;
const LIMITS = { requests: 600, waitMs: 250 };

/** As many callers as there are places, and others who were answered and are to ask again. */
function fullLine(
  others: number,
  limits = LIMITS,
): { line: ConnectionLine; busy: Socket[]; waiting: Socket[] } {
  const line = new ConnectionLine(limits);
  const busy = Array.from({ length: PLACES }, () => new Socket());
  for (const socket of busy) line.enter(socket);
  const waiting = Array.from({ length: others }, () => new Socket());
  for (const socket of waiting) line.join(socket);
  return { line, busy, waiting };
}

const unread = (sockets: readonly Socket[]) => sockets.filter((socket) => socket.isPaused()).length;

async function turns(count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) await turn();
}

test('while there are places, nobody stands in line', () => {
  const line = new ConnectionLine(LIMITS);
  const sockets = Array.from({ length: PLACES - 1 }, () => new Socket());
  for (const socket of sockets) line.enter(socket);
  const next = new Socket();
  line.join(next);
  expect([line.size, next.isPaused()]).toEqual([0, false]);
  line.enter(new Socket());
  line.join(next);
  expect([line.size, next.isPaused(), line.has(next)]).toEqual([1, true, true]);
});

test('who came first is read first, one for each that is answered', () => {
  const { line, waiting } = fullLine(3);
  expect(unread(waiting)).toBe(3);
  line.leave();
  expect(waiting.map((socket) => socket.isPaused())).toEqual([false, true, true]);
  line.enter(waiting[0]!);
  line.leave();
  expect(waiting.map((socket) => socket.isPaused())).toEqual([false, false, true]);
});

test('a place is kept for who was called, and not taken by who was just answered', () => {
  const { line, waiting } = fullLine(1);
  line.leave();
  expect(line.size).toBe(0);
  const answered = new Socket();
  line.join(answered);
  expect([unread(waiting), answered.isPaused()]).toEqual([0, true]);
});

test('nobody goes past those who stand in line', () => {
  const { line, waiting } = fullLine(2);
  line.leave();
  line.enter(waiting[0]!);
  const answered = new Socket();
  line.join(answered);
  expect([waiting[1]!.isPaused(), answered.isPaused()]).toEqual([true, true]);
  line.leave();
  expect([waiting[1]!.isPaused(), answered.isPaused()]).toEqual([false, true]);
});

test('who has nothing to say keeps a place for two turns of the event loop, not longer', async () => {
  const { line, waiting } = fullLine(50);
  line.leave();
  expect(50 - unread(waiting)).toBe(1);
  await turns(1);
  expect(50 - unread(waiting)).toBe(1);
  await turns(2);
  expect(50 - unread(waiting)).toBeGreaterThan(1);
  // One place is enough for all of them to be asked.
  await turns(200);
  expect(unread(waiting)).toBe(0);
});

test('where the event loop has time left, more are under way; where it has not, fewer again', () => {
  const { line, waiting } = fullLine(400);
  for (let look = 0; look < 10; look += 1) line.look(0.1);
  expect(unread(waiting)).toBe(400);
  line.look(1);
  const first = 400 - unread(waiting);
  expect(first).toBeGreaterThan(50);
  line.look(1);
  expect(unread(waiting)).toBeLessThan(400 - 2 * first);
  for (let look = 0; look < 3; look += 1) line.look(1);
  expect(unread(waiting)).toBe(0);
  for (const socket of waiting) line.enter(socket);
  for (let look = 0; look < 50; look += 1) line.look(0);
  for (let left = 0; left < 390; left += 1) line.leave();
  const next = new Socket();
  line.join(next);
  expect(next.isPaused()).toBe(true);
});

test('an idle time before there is a line makes no room for a rush', () => {
  const line = new ConnectionLine(LIMITS);
  for (let look = 0; look < 100; look += 1) line.look(1);
  for (let each = 0; each < PLACES; each += 1) line.enter(new Socket());
  const next = new Socket();
  line.join(next);
  expect(next.isPaused()).toBe(true);
});

test('whoever waits for too long is read although others take all the places, but not all at once', () => {
  const { line, waiting } = fullLine(300, { ...LIMITS, waitMs: -1 });
  line.look(0);
  const read = 300 - unread(waiting);
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(150);
  expect(waiting.map((socket) => socket.isPaused()).indexOf(true)).toBe(read);
});

test('a connection that was closed, is about to be, or says something all the same has no place in line', () => {
  const { line, waiting } = fullLine(3);
  const ended = new Socket();
  ended.end();
  line.join(ended);
  expect(line.has(ended)).toBe(false);
  waiting[0]!.destroy();
  line.enter(waiting[1]!);
  expect(line.has(waiting[1]!)).toBe(false);
  line.leave();
  expect(waiting[2]!.isPaused()).toBe(true);
  line.leave();
  expect([line.size, waiting[2]!.isPaused()]).toEqual([0, false]);
});

test('when it is closed all are read, and nobody stands in line any more', () => {
  const { line, waiting } = fullLine(300);
  line.close();
  expect(unread(waiting)).toBe(0);
  const late = new Socket();
  line.join(late);
  expect([line.size, late.isPaused()]).toEqual([0, false]);
});

test('it lets no more than the limit be under way', () => {
  const line = new ConnectionLine({ ...LIMITS, requests: 4 });
  for (let each = 0; each < 4; each += 1) line.enter(new Socket());
  const next = new Socket();
  line.join(next);
  for (let look = 0; look < 100; look += 1) line.look(1);
  expect(next.isPaused()).toBe(true);
});
