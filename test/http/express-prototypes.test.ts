import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { closeServer, createHttpServer, listenOn } from '../../src/http/server.ts';

let server: Server | undefined;

afterEach(async () => {
  if (server) await closeServer(server, 1000);
});

/** Which of Express's prototypes a request and its response have before Express sees them. */
async function bornWith(app: Express, make: (app: Express) => Server): Promise<[boolean, boolean]> {
  server = make(app);
  const seen: [boolean, boolean][] = [];
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    seen.push([
      Object.getPrototypeOf(request) === app.request,
      Object.getPrototypeOf(response) === app.response,
    ]);
  });
  await listenOn(server, '127.0.0.1', 0);
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'a body' });
  expect(await answer.text()).toBe('POST 127.0.0.1 a body');
  return seen[0]!;
}

function echo(): Express {
  const app = express();
  app.use(express.text());
  app.post('/', (request, response) => {
    response.send(`${request.method} ${request.ip} ${request.body as string}`);
  });
  return app;
}

test("our server's requests are born with Express's prototypes, so that Express changes none", async () => {
  expect(await bornWith(echo(), (app) => createHttpServer(app, 5000))).toEqual([true, true]);
});

test('a plain server’s are not: were they, the constructors of ours would be superfluous', async () => {
  expect(await bornWith(echo(), (app) => createServer(app))).toEqual([false, false]);
});

test('Express sets nothing but the prototypes that are there already', async () => {
  const changed: unknown[] = [];
  const original = Object.setPrototypeOf.bind(Object);
  Object.setPrototypeOf = (target: object, prototype: object | null) => {
    if (Object.getPrototypeOf(target) !== prototype) changed.push(target);
    return original(target, prototype) as object;
  };
  try {
    await bornWith(echo(), (app) => {
      const server = createHttpServer(app, 5000);
      changed.length = 0;
      return server;
    });
    const exchanged = changed.filter((target) => typeof target === 'object' && 'headers' in target!);
    expect(exchanged).toEqual([]);
  } finally {
    Object.setPrototypeOf = original;
  }
});
