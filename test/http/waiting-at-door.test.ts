import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import express, { type Response } from 'express';
import { FrontDoor } from '../../src/http/front-door.ts';
import { closeServer, createHttpServer, listenOn } from '../../src/http/server.ts';
import { eventually } from '../support/eventually.ts';
import { openRaw, type RawConnection } from './raw-connection.ts';

const LIMIT = 120;
/** So many of them may be called; more than that wait. */
const PLACES = 90;
const OTHERS = 160;
const CONNECTIONS = PLACES + OTHERS + 1;
/** They ask so many at a time. */
const TOGETHER = 20;

let door: FrontDoor;
let server: ReturnType<typeof createHttpServer>;
let port: number;
let held: Response[];
let busy: readonly RawConnection[];
let waiting: readonly RawConnection[];

const request = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
const ok = ({ received }: RawConnection) => received().split('HTTP/1.1 200 OK').length - 1;

/** As many requests as are called are under way, and stay so; more connections have had their answer and wait for their turn. */
beforeEach(async () => {
  held = [];
  door = new FrontDoor({
    limits: { requests: LIMIT, waitMs: 60_000 },
    readiness: () => Promise.resolve({ ready: true, checks: {} }),
    onShed: () => undefined,
  });
  const app = express();
  app.post('/oauth/token', (incoming, response) => {
    if ('hold' in incoming.query) held.push(response);
    else response.end('answer');
  });
  app.get('/', (_incoming, response) => void response.end('page'));
  server = createHttpServer(app, 60_000, door, CONNECTIONS);
  port = await listenOn(server, '127.0.0.1', 0);
  const accepted = new Map<number | undefined, Socket>();
  server.on('connection', (socket: Socket) => accepted.set(socket.remotePort, socket));
  busy = await Promise.all(Array.from({ length: PLACES }, open));
  const others = await Promise.all(Array.from({ length: OTHERS }, open));
  for (const answers of [1, 2]) await askAll([...busy, ...others], answers);
  for (const { socket } of busy) socket.write(request('/oauth/token?hold'));
  await eventually(() => held.length === PLACES);
  await askAll(others, 3);
  // With every second answer one of them was read again.
  waiting = others.filter(({ socket }) => door.isWaiting(accepted.get(socket.localPort)!));
  expect(door.stats).toMatchObject({ inProgress: PLACES, waiting: waiting.length });
  expect(waiting.length).toBeGreaterThan(OTHERS / 3);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const open = () => openRaw(port);

async function askAll(callers: readonly RawConnection[], answers: number): Promise<void> {
  for (let first = 0; first < callers.length; first += TOGETHER) {
    await Promise.all(callers.slice(first, first + TOGETHER).map((caller) => ask(caller, answers)));
  }
}

async function ask(caller: RawConnection, answers: number): Promise<void> {
  caller.socket.write(request('/oauth/token'));
  await eventually(() => ok(caller) === answers);
}

test('they are answered at the end of the server, although they are more than may be in progress', async () => {
  for (const { socket } of waiting) socket.write(request('/oauth/token'));
  const closed = closeServer(server, 60_000);
  await sleep(200);
  expect(waiting.some(({ received }) => received().includes('503'))).toBe(false);
  for (const response of held) response.end('late');
  await closed;
  expect(waiting.map(ok)).toEqual(Array(waiting.length).fill(4));
  expect(busy.map(ok)).toEqual(Array(PLACES).fill(3));
});

test('none of them is closed for a newcomer when there may be no more connections', async () => {
  const idle = await open();
  const newcomers = await Promise.all(Array.from({ length: 40 }, open));
  await eventually(() => idle.socket.destroyed);
  expect(waiting.some(({ socket }) => socket.destroyed)).toBe(false);
  for (const { socket } of newcomers) socket.destroy();
});

test('those that their callers close, or reset, take nobody’s turn, and nothing of them is left', async () => {
  for (const { socket } of waiting.slice(0, 10)) socket.destroy();
  for (const { socket } of waiting.slice(10, 20)) socket.resetAndDestroy();
  const rest = waiting.slice(20);
  for (const { socket } of rest) socket.write(request('/oauth/token'));
  for (const response of held) response.end('late');
  await eventually(() => rest.every((caller) => ok(caller) === 4));
  await eventually(() => door.stats.waiting + door.stats.inProgress === 0);
});

test('whoever comes meanwhile on a connection of its own is let in', async () => {
  const newcomer = await open();
  newcomer.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => newcomer.received().endsWith('page'));
  newcomer.socket.write(request('/oauth/token'));
  await eventually(() => ok(newcomer) === 2);
});
