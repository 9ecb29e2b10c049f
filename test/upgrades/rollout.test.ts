import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { migratedDatabase, runCli, startServer, type TestServer } from '../support/server.ts';
import { schemaOf, SECRET } from './databases.ts';
import { laterRelease, previousRelease } from './releases.ts';
import { Traffic } from './traffic.ts';

/** To compile another release comes on top of what the test does. */
const TIMEOUT_MS = 180_000;

/** One migration of each kind, on the tables that every request uses. */
const LATER = `[
  {
    name: '9001_add_something',
    kind: 'expand',
    steps: [
      'alter table grants add column later text',
      'update grants set later = client_id where (later is null)',
      'create index concurrently access_tokens_by_grant on access_tokens (grant_id)',
    ],
  },
  {
    name: '9002_take_it_away',
    kind: 'contract',
    needs: '9001_add_something',
    steps: ['alter table grants drop column later'],
  },
  {
    name: '9003_make_something_faster',
    kind: 'expand',
    neededToServe: false,
    steps: ['create index concurrently grants_by_scope on grants (scope)'],
  },
]`;

/** A probe gives up after that. */
const PROBE_MS = 2000;

const databases: TestDatabase[] = [];
const servers: TestServer[] = [];

/** Compiled before the clock of a test runs. */
const previous = { cli: '' };
const later = { cli: '', remove: () => {} };
beforeAll(() => {
  Object.assign(previous, previousRelease());
  Object.assign(later, laterRelease(LATER));
}, TIMEOUT_MS);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all(databases.map((database) => database.drop()));
  later.remove();
});

async function start(
  { url }: TestDatabase,
  options: { readonly cli?: string; readonly until?: 'alive' } = {},
): Promise<TestServer> {
  const env = { OAUTH2_DATABASE_URL: url, OAUTH2_SECRET: SECRET, OAUTH2_ISSUER: 'http://127.0.0.1:9' };
  const server = await startServer({ env, ...options });
  servers.push(server);
  // One issuer for all of them; a test asks each at its own address.
  return { ...server, issuer: `http://127.0.0.1:${server.port}` };
}

async function migrate(
  { url }: TestDatabase,
  cli?: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return runCli(['migrate'], { OAUTH2_DATABASE_URL: url, OAUTH2_SECRET: SECRET }, '', cli);
}

async function ready({ port }: TestServer): Promise<{ status: number; body: unknown }> {
  // Between the waiting and the serving nobody listens for a moment.
  const response = await fetch(`http://127.0.0.1:${port}/ready`, {
    signal: AbortSignal.timeout(PROBE_MS),
  }).catch(() => undefined);
  return { status: response?.status ?? 0, body: await response?.json() };
}

async function untilReady(server: TestServer): Promise<void> {
  await eventually(
    () => ready(server),
    ({ status }) => status === 200,
  );
}

test(
  'from the previous release to this one: old code on the new schema, new code before it, and no failed request',
  async () => {
    const database = await createTestDatabase();
    databases.push(database);
    expect((await migrate(database, previous.cli)).code).toBe(0);
    const old = await start(database, previous);
    const traffic = await Traffic.begin(old);
    await traffic.untilEach();

    const young = await start(database, { until: 'alive' });
    expect(await ready(young)).toEqual({
      status: 503,
      body: {
        status: 'not ready',
        checks: {
          process: expect.stringMatching(/^waiting for \d migration\(s\), the first of them 0011_/),
        },
      },
    });
    const { code, stdout } = await migrate(database);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^(applied \w+\n)+$/) });
    await untilReady(young);
    traffic.add(young);
    await traffic.untilEach();
    await traffic.remove(old);
    expect(await old.terminate()).toBe(0);
    await traffic.untilEach();

    const { served, failed } = await traffic.end();
    expect(failed).toEqual([]);
    expect(served).toBeGreaterThan(50);

    const fresh = await migratedDatabase();
    databases.push(fresh);
    expect(await schemaOf(database.url)).toEqual(await schemaOf(fresh.url));
  },
  TIMEOUT_MS,
);

test(
  'to a later release and back again: this code lives with what was added, and nothing is taken from it while it runs',
  async () => {
    const database = await migratedDatabase();
    databases.push(database);
    const old = await start(database);
    const traffic = await Traffic.begin(old);
    await traffic.untilEach();

    // What later code can do without, or takes away, is left for later; what it needs is there.
    const first = await migrate(database, later.cli);
    expect(first).toMatchObject({ code: 1, stdout: 'applied 9001_add_something\n' });
    expect(first.stderr).toMatch(
      /^stagedoor: 9002_take_it_away takes away what code needs that does not know 9001_add_something, and such code runs: \S+:\d+ \(version \S+\)\. Nothing was taken away\. /m,
    );
    const young = await start(database, later);
    traffic.add(young);
    await traffic.untilEach();

    // Rolled back: this release starts on the schema of the later one, and its migrator finds nothing to do.
    await traffic.remove(old);
    expect(await old.terminate()).toBe(0);
    const again = await start(database);
    traffic.add(again);
    expect(await migrate(database)).toEqual({
      code: 0,
      stdout:
        'The schema is up to date. A newer version has applied 9001_add_something, which this one can work with.\n',
      stderr: '',
    });
    await traffic.remove(young);
    expect(await young.terminate()).toBe(0);
    await traffic.untilEach();

    // And forward for good.
    const forGood = await start(database, later);
    traffic.add(forGood);
    await traffic.remove(again);
    expect(await again.terminate()).toBe(0);
    expect(await migrate(database, later.cli)).toMatchObject({
      code: 0,
      stdout: 'applied 9002_take_it_away\napplied 9003_make_something_faster\n',
    });
    await traffic.untilEach();
    const { served, failed } = await traffic.end();
    expect(failed).toEqual([]);
    expect(served).toBeGreaterThan(50);

    const sentence =
      'stagedoor: The database was migrated by a newer version of Stagedoor, and this one cannot work with it (its 9002_take_it_away ' +
      'needs code that knows 9001_add_something). Start a version that can, or restore a backup made before the upgrade.\n';
    const env = { OAUTH2_DATABASE_URL: database.url, OAUTH2_SECRET: SECRET, OAUTH2_SERVER_PORT: '1' };
    for (const command of ['serve', 'migrate'])
      expect(await runCli([command], env)).toMatchObject({ code: 1, stderr: sentence });
  },
  TIMEOUT_MS,
);
