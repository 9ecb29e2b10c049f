import { afterEach, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';
import { SECRET } from './databases.ts';

/** A probe gives up after that. */
const PROBE_MS = 2000;

let database: TestDatabase;
let server: TestServer;
afterEach(async () => {
  await server.stop();
  await database.drop();
});

/** A server on a database that nobody has migrated. */
async function startTooEarly(more: Readonly<Record<string, string>> = {}): Promise<void> {
  database = await createTestDatabase();
  const env = { OAUTH2_DATABASE_URL: database.url, OAUTH2_SECRET: SECRET, ...more };
  server = await startServer({ env, until: 'alive' });
}

async function ready(): Promise<{ status: number; body: any }> {
  // Between the waiting and the serving nobody listens for a moment; a primary may keep what comes in it.
  const response = await fetch(`${server.issuer}/ready`, { signal: AbortSignal.timeout(PROBE_MS) }).catch(
    () => undefined,
  );
  return { status: response?.status ?? 0, body: await response?.json() };
}

test.each([
  ['', {}],
  ['; so do the workers of a primary', { OAUTH2_WORKERS: '2' }],
])(
  'a server that is started before the migration lives, says what it waits for, and serves when it is done%s',
  async (_, more) => {
    await startTooEarly(more);
    const { issuer } = server;
    expect(await (await fetch(`${issuer}/health`)).json()).toEqual({ status: 'ok' });
    expect(await ready()).toEqual({
      status: 503,
      body: {
        status: 'not ready',
        checks: {
          process: `waiting for ${MIGRATIONS.length} migration(s), the first of them 0001_create_clients: run "stagedoor migrate"`,
        },
      },
    });
    const early = await fetch(`${issuer}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'x' }),
    });
    expect([early.status, early.headers.get('retry-after'), await early.json()]).toEqual([
      503,
      '1',
      { error: 'temporarily_unavailable', error_description: 'The server is starting' },
    ]);
    await eventually(() =>
      server
        .output('stdout')
        .includes('This server waits, not ready, until \\"stagedoor migrate\\" has applied them'),
    );
    expect((await runCli(['migrate'], server.env)).code).toBe(0);
    await eventually(ready, ({ status }) => status === 200);
    expect((await fetch(`${issuer}/.well-known/jwks.json`)).status).toBe(200);
    expect(await server.terminate()).toBe(0);
  },
);

test('one that is told to end while it waits ends, and serves on for nobody', async () => {
  await startTooEarly({ OAUTH2_SHUTDOWN_DELAY_MS: '60000' });
  expect((await ready()).status).toBe(503);
  expect(await server.terminate()).toBe(0);
});
