import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { holdLock } from '../chaos/load.ts';
import { scrape } from '../metrics/scrape.ts';
import { registerClient, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** More than are read at once, fewer than are let in. */
const CALLERS = 300;
const PREFIX = 'oauth2_server_http_';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  // Deadlines so far away that no request here can miss one.
  server = await startServer({
    env: {
      OAUTH2_REQUEST_WAIT_MS: '60000',
      OAUTH2_STATEMENT_TIMEOUT_MS: '200000',
      OAUTH2_ASK_TIMEOUT_MS: '300000',
      OAUTH2_HTTP_TIMEOUT_MS: '400000',
      OAUTH2_SHUTDOWN_TIMEOUT_MS: '500000',
    },
  });
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
});
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  readonly isLast: boolean;
}

/** A caller with a connection of its own, who asks again when it is answered for as long as it is told to. */
async function ask(port: number, goesOn: (answer: Answer) => boolean): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  for (let more = true; more;) {
    const answer = await post(port, agent);
    statuses.push(answer.status);
    more = goesOn(answer);
  }
  agent.destroy();
  return statuses;
}

function post(port: number, agent: Agent): Promise<Answer> {
  const body = `grant_type=client_credentials&client_id=${client.client_id}&client_secret=${client.client_secret!}`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const sent = request({ port, agent, method: 'POST', path: '/oauth/token', headers }, (response) => {
      response.resume();
      response.once('end', () => {
        resolve({ status: response.statusCode!, isLast: response.headers.connection === 'close' });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function askAll(port: number, goesOn: (answer: Answer) => boolean): Promise<readonly number[]> {
  return (await Promise.all(Array.from({ length: CALLERS }, () => ask(port, goesOn)))).flat();
}

async function figure(name: string, issuer = server.issuer): Promise<number> {
  return (await scrape(issuer)).get(PREFIX + name)!;
}

const isEvery = (statuses: readonly number[], status: number) => statuses.every((found) => found === status);

test('callers who ask again and again stand in line, and all are served', async () => {
  let isOver = false;
  const answers = askAll(server.port, () => !isOver);
  await eventually(
    () => figure('connections_waiting'),
    (waiting) => waiting > CALLERS / 3,
  );
  isOver = true;
  expect(isEvery(await answers, 200)).toBe(true);
  await eventually(
    () => figure('connections_waiting'),
    (waiting) => waiting === 0,
  );
});

test('while the database answers nobody, nobody stands in line, and nothing is lost', async () => {
  let isOver = false;
  const answers = askAll(server.port, () => !isOver);
  await eventually(async () => (await figure('connections_waiting')) > 0);
  const held = await holdLock(
    server.env.OAUTH2_DATABASE_URL!,
    'lock table access_tokens in access exclusive mode',
  );
  await eventually(
    () => figure('requests_in_progress'),
    (inProgress) => inProgress === CALLERS,
  );
  expect(await figure('connections_waiting')).toBe(0);
  isOver = true;
  await held.release();
  expect(isEvery(await answers, 200)).toBe(true);
});

test('a drain answers those who stand in line', async () => {
  const { OAUTH2_SERVER_PORT: _, ...env } = server.env;
  const own = await startServer({ env });
  // Each goes on until it is told that its connection is closed.
  const answers = askAll(own.port, ({ isLast }) => !isLast);
  await eventually(async () => (await figure('connections_waiting', own.issuer)) > CALLERS / 3);
  const exit = own.terminate();
  expect(isEvery(await answers, 200)).toBe(true);
  expect(await exit).toBe(0);
});
