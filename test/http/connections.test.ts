import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { holdLock, send, waitingStatements } from '../chaos/load.ts';
import { postForm } from '../chaos/requests.ts';
import { scrape } from '../metrics/scrape.ts';
import { registerClient, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';

const REQUEST_LIMIT = 100;
const CONNECTION_LIMIT = 1500;
const MAX_BODIES_UNDER_WAY = 1000;
const IN_PROGRESS = 'oauth2_server_http_requests_in_progress';

let server: TestServer;
let client: TestClient;
let open: Socket[] = [];

beforeAll(async () => {
  // Limits so far away that nothing here can end because of them.
  server = await startServer({
    env: {
      OAUTH2_REQUEST_LIMIT: String(REQUEST_LIMIT),
      OAUTH2_CONNECTION_LIMIT: String(CONNECTION_LIMIT),
      OAUTH2_STATEMENT_TIMEOUT_MS: '200000',
      OAUTH2_ASK_TIMEOUT_MS: '300000',
      OAUTH2_HTTP_TIMEOUT_MS: '400000',
      OAUTH2_SHUTDOWN_TIMEOUT_MS: '500000',
    },
  });
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open = [];
  await eventually(async () => (await scrape(server.issuer)).get(IN_PROGRESS) === 0);
  expect(await issue()).toBe(200);
});

/** As many connections on which this is sent, and nothing is read. Not all at once: what waits to be accepted is bounded too. */
async function openMany(count: number, text: string): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const few = Array.from({ length: Math.min(50, count - sockets.length) }, async () => {
      const socket = connect(server.port, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(text);
    });
    await Promise.all(few);
  }
  open.push(...sockets);
  return sockets;
}

/** How many of them the other end has closed. */
function closedOf(sockets: readonly Socket[]): number {
  for (const socket of sockets) socket.resume();
  return sockets.filter(({ destroyed, readyState }) => destroyed || readyState !== 'open').length;
}

async function issue(): Promise<number> {
  const form = { grant_type: 'client_credentials' };
  return (await send('token', () => postForm(server, '/oauth/token', form, client))).status;
}

function residentMb(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}

test('callers who do not take their answers keep nobody out, and hold no copies of them', async () => {
  const bundle = 'GET /swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n';
  const { length } = await (await fetch(`${server.issuer}/swagger-ui/swagger-ui-bundle.js`)).text();
  expect(length).toBeGreaterThan(1_000_000);
  const beforeMb = residentMb();
  // One answer of them may fit into what the kernel keeps for a connection, not all.
  await openMany(50, bundle.repeat(16));
  for (let request = 0; request < 20; request += 1) expect(await issue()).toBe(200);
  await eventually(async () => (await scrape(server.issuer)).get(IN_PROGRESS) === 0);
  // Copies would be 1,300 MB.
  expect(residentMb() - beforeMb).toBeLessThan(150);
});

test('connections on which nothing happens make room for those who come with a request', async () => {
  const url = server.env.OAUTH2_DATABASE_URL!;
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const waiting = issue();
  await eventually(async () => (await waitingStatements(url)) > 0);
  const silent = await openMany(CONNECTION_LIMIT + 300, '');
  await eventually(
    () => closedOf(silent),
    (count) => count >= 300,
  );
  expect((await fetch(`${server.issuer}/health`)).status).toBe(200);
  expect(closedOf(silent)).toBeLessThan(silent.length / 2);
  // One that something is done for keeps its place, though it was there before all others.
  await held.release();
  expect(await waiting).toBe(200);
});

test('of too many bodies that do not come to their end those are given up that have been coming longest', async () => {
  const part =
    'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n';
  const first = await openMany(20, part);
  await eventually(async () => (await scrape(server.issuer)).get(IN_PROGRESS) === 0);
  await openMany(MAX_BODIES_UNDER_WAY, part + 'x'.repeat(50_000));
  await eventually(() => closedOf(first) === first.length);
  expect(await issue()).toBe(200);
});
