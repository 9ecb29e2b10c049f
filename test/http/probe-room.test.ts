import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import express from 'express';
import { FrontDoor } from '../../src/http/front-door.ts';
import type { ReadinessReport } from '../../src/http/readiness.ts';
import { metricsRoute } from '../../src/http/routes/metrics.ts';
import { whileServing } from '../support/stub-app.ts';

/** More than have room in a second, all sent at once. */
const CONNECTIONS = 100;
const ON_EACH = 4;
const ROOM = 100;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
  /** Whether the application answered. */
  readonly isOrdinary: boolean;
}

/** All the answers that came on a connection. */
function answersIn(received: string): readonly Answer[] {
  return received
    .split('HTTP/1.1 ')
    .slice(1)
    .map((answer) => {
      const [head = '', text = ''] = answer.split('\r\n\r\n');
      return {
        status: Number(head.slice(0, 3)),
        retryAfter: /^retry-after: (.*)$/im.exec(head)?.[1],
        text,
        isOrdinary: /^x-ordinary/im.test(head),
      };
    });
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  await once(socket, 'connect');
  return socket;
}

async function answersOn(socket: Socket, path: string, method: string): Promise<readonly Answer[]> {
  const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\n`;
  let received = '';
  socket.on('data', (piece: string) => (received += piece));
  const closed = once(socket, 'close');
  socket.write(`${head}\r\n`.repeat(ON_EACH - 1) + `${head}Connection: close\r\n\r\n`);
  await closed;
  return answersIn(received);
}

/** A door before an application that says of everything that it is fine. */
async function behindDoor(
  report: () => ReadinessReport,
  use: (
    flood: (path: string, method?: string) => Promise<readonly Answer[]>,
    shed: () => number,
  ) => Promise<void>,
): Promise<void> {
  let shed = 0;
  const door = new FrontDoor({
    limits: { requests: 1, waitMs: 1000 },
    readiness: async () => report(),
    onShed: (_asksForToken, reason) => {
      expect(reason).toBe('probes');
      shed += 1;
    },
  });
  const server = createServer(
    door.before((_request, response) => response.setHeader('x-ordinary', 'yes').end('fine')),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const flood = async (path: string, method = 'GET') => {
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(port)));
    const answers = await Promise.all(sockets.map((socket) => answersOn(socket, path, method)));
    expect(answers.flat()).toHaveLength(CONNECTIONS * ON_EACH);
    return answers.flat();
  };
  try {
    await use(flood, () => shed);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const READY = { ready: true, checks: { database: 'ok' } };

test('of a flood of probes most are answered at the door, and each truthfully', async () => {
  let report: ReadinessReport = READY;
  await behindDoor(
    () => report,
    async (flood, shed) => {
      const health = await flood('/health');
      const atDoor = health.filter(({ isOrdinary }) => !isOrdinary);
      expect(atDoor.length).toBeGreaterThan(0);
      expect(health.length - atDoor.length).toBeGreaterThanOrEqual(ROOM);
      expect(shed()).toBe(atDoor.length);
      for (const answer of atDoor) expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}' });

      report = { ready: false, checks: { database: 'failed' } };
      const unready = (await flood('/ready?x')).filter(({ isOrdinary }) => !isOrdinary);
      expect(unready.length).toBeGreaterThan(0);
      for (const { status, text } of unready) {
        expect(status).toBe(503);
        expect(JSON.parse(text)).toEqual({ status: 'not ready', checks: { database: 'failed' } });
      }
    },
  );
});

test('figures that are asked for too often are refused, and so is what is no probe', async () => {
  await behindDoor(
    () => READY,
    async (flood) => {
      for (const answers of [await flood('/metrics'), await flood('/health', 'POST')]) {
        const refused = answers.filter(({ isOrdinary }) => !isOrdinary);
        expect(refused.length).toBeGreaterThan(0);
        for (const answer of refused) expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
      }
    },
  );
});

test('a flood of one kind leaves the others their room', async () => {
  await behindDoor(
    () => READY,
    async (flood) => {
      const [, ready] = await Promise.all([flood('/health'), flood('/ready')]);
      expect(ready.filter(({ isOrdinary }) => isOrdinary).length).toBeGreaterThanOrEqual(ROOM);
    },
  );
});

test('scrapes that come at once are written out once, and the next one anew', async () => {
  let written = 0;
  const app = express();
  const expose = async () => {
    written += 1;
    const text = `written ${written}`;
    await sleep(20);
    return { contentType: 'text/plain', text };
  };
  app.get('/metrics', metricsRoute(expose));
  await whileServing(app, async (base) => {
    const scrape = async () => (await fetch(`${base}/metrics`)).text();
    await Promise.all(Array.from({ length: 200 }, scrape));
    expect(written).toBeLessThan(50);
    await sleep(150);
    const before = written;
    expect(await scrape()).toBe(`written ${before + 1}`);
  });
});
