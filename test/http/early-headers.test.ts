import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import express, { type Response } from 'express';
import { closeServer, createHttpServer, listenOn } from '../../src/http/server.ts';
import { addHeader, sendNotedHeaders } from '../../src/middleware/early-headers.ts';

let server: Server | undefined;

afterEach(async () => {
  if (server) await closeServer(server, 1000);
});

/** The lines of the head that `answer` writes. */
async function headOf(answer: (response: Response) => void): Promise<readonly string[]> {
  const app = express().disable('x-powered-by');
  sendNotedHeaders(app);
  app.use((_request, response, next) => {
    addHeader(response, 'x-first', '1');
    addHeader(response, 'x-second', '2');
    next();
  });
  app.get('/', (_request, response) => {
    answer(response);
  });
  server = createHttpServer(app, 5000);
  const socket = connect(await listenOn(server, '127.0.0.1', 0), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text.slice(0, text.indexOf('\r\n\r\n')).toLowerCase().split('\r\n');
}

const NOTED = ['x-first: 1', 'x-second: 2'];

test('noted headers come before those of the answer', async () => {
  const head = await headOf((response) => {
    response.writeHead(201, { 'content-type': 'text/plain', 'content-length': 2 });
    response.end('ok');
  });
  expect(head.slice(0, 5)).toEqual([
    'http/1.1 201 created',
    ...NOTED,
    'content-type: text/plain',
    'content-length: 2',
  ]);
});

test('an answer without headers of its own has them', async () => {
  expect(await headOf((response) => response.end())).toEqual(expect.arrayContaining(NOTED));
});

test('headers that were set one by one are kept, several of one name too', async () => {
  const head = await headOf((response) => {
    response.appendHeader('set-cookie', 'a=1').appendHeader('set-cookie', 'b=2');
    response.setHeader('cache-control', 'private');
    response.writeHead(200, { 'cache-control': 'no-store' });
    response.end();
  });
  expect(head).toEqual(expect.arrayContaining([...NOTED, 'set-cookie: a=1', 'set-cookie: b=2']));
  expect(head.filter((line) => line.startsWith('cache-control'))).toEqual(['cache-control: no-store']);
});

test('what Express writes has them', async () => {
  const head = await headOf((response) => {
    response.status(404).json({ a: 1 });
  });
  expect(head).toEqual(
    expect.arrayContaining([
      ...NOTED,
      'http/1.1 404 not found',
      'content-type: application/json; charset=utf-8',
    ]),
  );
});

test('a header with a line break is refused', async () => {
  const head = await headOf((response) => {
    addHeader(response, 'x-evil', 'a\r\nset-cookie: b');
    try {
      response.writeHead(200);
    } catch {
      response.destroy();
    }
  });
  expect(head).toEqual(['']);
});
