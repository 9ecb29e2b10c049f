import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPostgres, type RunningPostgres } from '../../scripts/embedded-postgres.mjs';
import {
  authorizationUrl,
  introspect,
  obtainTokens,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';
import { expectUnavailable, Load, type Answer } from './load.ts';
import { dailyTraffic } from './requests.ts';
import { eventually } from '../support/eventually.ts';

const HTTP_TIMEOUT_MS = 6_000;

let postgres: RunningPostgres;
let server: TestServer;
let client: TestClient;
let load: Load;

beforeAll(async () => {
  postgres = await startPostgres();
  const env = {
    OAUTH2_DATABASE_URL: postgres.url,
    OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
    OAUTH2_STATEMENT_TIMEOUT_MS: '1000',
    OAUTH2_ASK_TIMEOUT_MS: '3000',
    OAUTH2_HTTP_TIMEOUT_MS: String(HTTP_TIMEOUT_MS),
  };
  expect((await runCli(['migrate'], env)).code).toBe(0);
  server = await startServer({ env });
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  const person = new Person(server.issuer);
  const { url } = authorizationUrl(server.issuer, client);
  await person.authorize(url);
  const { access_token } = await obtainTokens(server.issuer, client);
  load = new Load(dailyTraffic(server, client, access_token, person, url));
}, 60_000);

afterAll(async () => {
  await load.stop();
  await server.stop();
  await postgres.stop();
});

const served = ({ status }: Answer) => status === 200 || status === 303;

async function readiness(): Promise<{ status: number; database: string }> {
  const response = await fetch(`${server.issuer}/ready`);
  const { checks } = (await response.json()) as { checks: { database: string } };
  return { status: response.status, database: checks.database };
}

test('a database that stops under load costs 503s in bounded time and no restart, and all comes back with it', async () => {
  await load.untilEach(served);
  for (const kind of ['orderly', 'again']) {
    await postgres.shutDown();
    await load.untilEach(({ status }) => status === 503);
    await eventually(async () => (await readiness()).status === 503);
    expect({ kind, ...(await readiness()) }).toEqual({ kind, status: 503, database: 'failed' });
    expect((await fetch(`${server.issuer}/health`)).status).toBe(200);

    await postgres.startAgain();
    await load.untilEach(served);
    await eventually(async () => (await readiness()).status === 200);
  }

  const answers = await load.stop();
  const failures = answers.filter((answer) => !served(answer));
  expect(new Set(failures.map(({ what }) => what))).toEqual(new Set(['token', 'introspect', 'authorize']));
  for (const failure of failures) expectUnavailable(failure);
  expect(Math.max(...answers.map(({ durationMs }) => durationMs))).toBeLessThan(HTTP_TIMEOUT_MS);
  expect(server.output()).not.toMatch(/crashed|unexpected/);

  // Each token that was handed out was stored first.
  const tokens = answers.filter(({ what, status }) => what === 'token' && status === 200);
  for (const { text } of [tokens[0]!, tokens.at(-1)!, ...tokens.filter((_, index) => index % 50 === 0)]) {
    const { access_token } = JSON.parse(text) as { access_token: string };
    expect((await introspect(server.issuer, client, access_token)).active).toBe(true);
  }
  expect(await server.terminate()).toBe(0);
}, 60_000);
