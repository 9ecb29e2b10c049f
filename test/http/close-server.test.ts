import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import express from 'express';
import { closeServer, createHttpServer, listenOn } from '../../src/http/server.ts';
import { openRaw } from './raw-connection.ts';

/** A server whose answers wait until they are let go. */
async function waitingServer() {
  const app = express();
  let release: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (arrived = resolve));
  app.get('/slow', (_request, response) => {
    release = () => response.end('slow');
    arrived();
  });
  app.get('/', (_request, response) => void response.end('quick'));
  const server: Server = createHttpServer(app, 5000);
  return { server, port: await listenOn(server, '127.0.0.1', 0), waiting, release: () => release() };
}

/** A connection, everything that came on it, and its end. */
async function open(port: number) {
  const { socket, received } = await openRaw(port);
  return { socket, text: received, ended: once(socket, 'close') };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

test('an answer that is under way when the server closes tells its client to close', async () => {
  const { server, port, waiting, release } = await waitingServer();
  const { socket, text, ended } = await open(port);
  socket.write(get('/slow'));
  await waiting;
  const closed = closeServer(server, 5000);
  release();
  await ended;
  expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*slow/i);
  await closed;
});

test('a connection between two requests is given time for the next one, which is answered and closes it', async () => {
  const { server, port } = await waitingServer();
  const { socket, text, ended } = await open(port);
  socket.write(get('/'));
  await once(socket, 'data');
  const closed = closeServer(server, 5000, 2000);
  await sleep(100);
  socket.write(get('/'));
  await ended;
  const [, first, second] = text().split('HTTP/1.1 200 OK');
  expect(first).toMatch(/connection: keep-alive/i);
  expect(second).toMatch(/connection: close[^]*quick/i);
  await closed;
});

test('a connection on which nothing comes is closed, and does not keep the server', async () => {
  const { server, port } = await waitingServer();
  const { socket, ended } = await open(port);
  socket.write(get('/'));
  await once(socket, 'data');
  await closeServer(server, 60_000, 100);
  await ended;
});

test('a connection is kept for as long as requests come on others: a proxy may take any that it has', async () => {
  const { server, port } = await waitingServer();
  const connections = await Promise.all(Array.from({ length: 11 }, () => open(port)));
  for (const { socket } of connections) {
    socket.write(get('/'));
    await once(socket, 'data');
  }
  const closed = closeServer(server, 60_000, 1000, 60_000);
  for (const { socket, text, ended } of connections) {
    await sleep(200);
    socket.write(get('/'));
    await ended;
    expect(text().match(/quick/g)).toHaveLength(2);
  }
  await closed;
});

test('whoever has connected before the server closes is answered, also when nobody has noticed yet', async () => {
  const { server, port } = await waitingServer();
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').setEncoding('utf8'));
  const answers = Promise.all(
    sockets.map(async (socket) => {
      socket.write(get('/'));
      const [text] = (await once(socket, 'data')) as [string];
      return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    }),
  );
  // The sockets connect in the ticks before it; the server has not heard of them.
  const closed = new Promise((resolve) => process.nextTick(() => resolve(closeServer(server, 5000))));
  expect(await answers).toEqual(Array(20).fill('200'));
  await closed;
});
