import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { RestingConnections } from '../../src/http/resting-connections.ts';

function requestOn(socket: Socket, complete = true): IncomingMessage {
  return Object.assign(new IncomingMessage(socket), { complete });
}

/** Sends it away, and has its request end. */
function sendAway(resting: RestingConnections, socket: Socket): boolean {
  const request = requestOn(socket);
  const isTaken = resting.add(request);
  request.emit('close');
  return isTaken;
}

async function restingOf(count: number): Promise<{ resting: RestingConnections; sockets: Socket[] }> {
  const resting = new RestingConnections();
  const sockets = Array.from({ length: count }, () => new Socket());
  for (const socket of sockets) expect(sendAway(resting, socket)).toBe(true);
  await turn();
  return { resting, sockets };
}

const asleep = (sockets: readonly Socket[]) => sockets.filter((socket) => socket.isPaused()).length;

test('a connection rests from the end of its request on, and is woken in its order', async () => {
  const { resting, sockets } = await restingOf(4);
  expect(asleep(sockets)).toBe(4);
  resting.wake(0, 0, 1);
  expect(sockets.map((socket) => socket.isPaused())).toEqual([false, true, true, true]);
  resting.close();
  expect(asleep(sockets)).toBe(0);
  expect(resting.size).toBe(0);
});

test('they come back at the pace of what is served, so however many insist, as many are sent away', async () => {
  const { resting, sockets } = await restingOf(1000);
  resting.wake(25, 100, 0);
  const first = 1000 - asleep(sockets);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(100);
  for (let tick = 0; tick < 3; tick += 1) resting.wake(25, 100, 0);
  expect(1000 - asleep(sockets)).toBe(4 * first);
  resting.wake(25, 200, 0);
  expect(1000 - asleep(sockets)).toBe(6 * first);
});

test('one whose request has not ended yet does not rest yet', () => {
  const resting = new RestingConnections();
  const socket = new Socket();
  expect(resting.add(requestOn(socket))).toBe(true);
  expect(socket.isPaused()).toBe(false);
  expect(resting.size).toBe(1);
});

test('where nothing is served, they come back all the same', async () => {
  const { resting, sockets } = await restingOf(100);
  for (let tick = 0; tick < 40; tick += 1) resting.wake(25, 0, 0);
  expect(asleep(sockets)).toBe(0);
});

test('a quiet time does not save up for a rush', async () => {
  const { resting, sockets } = await restingOf(1000);
  resting.wake(0, 0, Infinity);
  for (let tick = 0; tick < 1000; tick += 1) resting.wake(25, 100, 0);
  for (const socket of sockets) sendAway(resting, socket);
  await turn();
  resting.wake(25, 100, 0);
  expect(1000 - asleep(sockets)).toBeLessThanOrEqual(50);
});

test('the more of them rest, the longer; and no more than can be woken in time', async () => {
  const { resting } = await restingOf(1);
  expect(resting.seconds).toBe(1);
  let taken = 1;
  while (sendAway(resting, new Socket())) taken += 1;
  expect(resting.seconds).toBe(5);
  expect(resting.size).toBe(taken);
  // The more are served, the sooner they come back.
  for (let tick = 0; tick < 100; tick += 1) resting.wake(25, 500, 0);
  expect(resting.seconds).toBeLessThan(5);
});

test('one that is closed with its answer, or let in meanwhile, does not rest', async () => {
  const { resting, sockets } = await restingOf(1);
  const [ended, letIn] = [new Socket(), new Socket()];
  ended.end();
  sendAway(resting, ended);
  sendAway(resting, letIn);
  resting.forget(letIn);
  await turn();
  expect(asleep([ended, letIn])).toBe(0);
  expect(resting.size).toBe(sockets.length);
});

test('one whose body goes on and on is closed, and one whose body ends is not', async () => {
  const resting = new RestingConnections();
  const [talker, sender] = [new Socket(), new Socket()];
  const [endless, slow] = [requestOn(talker, false), requestOn(sender, false)];
  resting.add(endless);
  resting.add(slow);
  await turn();
  for (const socket of [talker, sender]) Object.defineProperty(socket, 'bytesRead', { value: 200_000 });
  slow.complete = true;
  resting.wake(25, 0, Infinity);
  expect([talker, sender].map(({ destroyed }) => destroyed)).toEqual([true, false]);
  expect(resting.isEmpty).toBe(true);
});

test('one that insists before it rests is closed, and one that is closed does not rest', async () => {
  const resting = new RestingConnections();
  const [insisting, closed, last] = [new Socket(), new Socket(), new Socket()];
  const answers = Array.from({ length: 6 }, () => sendAway(resting, insisting));
  expect(answers).toEqual([true, true, true, true, false, false]);
  expect([closed, last].map((socket) => sendAway(resting, socket))).toEqual([true, true]);
  closed.destroy();
  await turn();
  expect(resting.size).toBe(2);
  insisting.destroy();
  resting.wake(0, 0, 1);
  expect(last.isPaused()).toBe(false);
  expect(resting.size).toBe(0);
});

test('once it is closed none rests: neither who has just been sent away, nor who comes later', async () => {
  const resting = new RestingConnections();
  const [early, late] = [new Socket(), new Socket()];
  expect(sendAway(resting, early)).toBe(true);
  resting.close();
  expect(sendAway(resting, late)).toBe(false);
  await turn();
  expect(asleep([early, late])).toBe(0);
  expect(resting.size).toBe(0);
});
