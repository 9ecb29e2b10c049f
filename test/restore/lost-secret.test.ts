import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { introspect, obtainTokens, refresh, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { migratedDatabase, startServer, type TestServer } from '../support/server.ts';
import { expectRefused, rowsOf, succeed } from '../cli/commands.ts';

const RIGHT = 'mQm1o3kS0ZpYv7uR4c8Xt2Wn6Jb9Ld5H';
const WRONG = 'f0Zt8Kq2Vw6Yb4Nd1Gh7Ls3Px9Rj5Mc0';
const FIRST_START_MS = 120_000;
const NOT_DECRYPTED =
  /(?:^|\n)stagedoor: The signing key [\w-]{43} in the database cannot be decrypted with OAUTH2_SECRET\. Put the secret .*"stagedoor keys discard-lost" says what going on without it costs\.\n$/;
const COSTS =
  /^stagedoor: OAUTH2_SECRET does not open 2 signing key\(s\): [^]*every refresh token[^]*--yes-the-secret-is-lost\n$/;

let database: TestDatabase;
let server: TestServer;
let client: TestClient;
let person: Person;
let tokens: any;

beforeAll(async () => {
  database = await migratedDatabase();
  server = await startServer({ env: envOf(RIGHT) });
  client = await registerClient(server.issuer);
  person = new Person(server.issuer);
  await person.logIn(await person.open('/auth/login'));
  tokens = await obtainTokens(server.issuer, client);
});
afterAll(async () => {
  await server.terminate();
  await database.drop();
});

function envOf(secret: string): Record<string, string> {
  return { OAUTH2_DATABASE_URL: database.url, OAUTH2_SECRET: secret, OAUTH2_LOG_LEVEL: 'silent' };
}

async function query(sql: string): Promise<any[]> {
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  try {
    return (await connection.query(sql)).rows;
  } finally {
    await connection.end();
  }
}

test('while a server runs, the secret is not lost, and nothing is discarded', async () => {
  await expectRefused(
    ['keys', 'discard-lost', '--yes-the-secret-is-lost'],
    envOf(WRONG),
    /^stagedoor: 1 server process\(es\) run on this database, so the secret is not lost/,
  );
  expect(await succeed(['keys', 'discard-lost', '--yes-the-secret-is-lost'], envOf(RIGHT))).toBe(
    'OAUTH2_SECRET opens every signing key: there is nothing to discard.\n',
  );
});

test('another secret is refused at the start in words that say what to do; beside the right one it is welcome', async () => {
  expect(await server.terminate()).toBe(0);
  await expectRefused(['serve'], envOf(WRONG), NOT_DECRYPTED);
  await expectRefused(['keys', 'rotate'], envOf(WRONG), NOT_DECRYPTED);
  await expectRefused(['keys', 'discard-lost'], envOf(WRONG), COSTS);
  server = await startServer({ env: { ...server.env, OAUTH2_SECRET: `${WRONG},${RIGHT}` } });
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(true);
  tokens = (await refresh(server.issuer, client, tokens.refresh_token)).body;
  expect(tokens.refresh_token).toBeDefined();
  expect(await server.terminate()).toBe(0);
});

test('a secret that is lost for good costs what its keys signed, and nothing else', async () => {
  const third = 'Hs4Tn8Wq1Zc5Vb9Kx3Lg7Pd2Fy6Rm0Ja';
  const before = await query('select kid from signing_keys order by kid');
  const printed = await succeed(['keys', 'discard-lost', '--yes-the-secret-is-lost'], envOf(third));
  for (const { kid } of before) expect(printed).toContain(kid);

  server = await startServer({ env: { ...server.env, OAUTH2_SECRET: third } });
  const { keys } = (await (await fetch(`${server.issuer}/.well-known/jwks.json`)).json()) as any;
  expect(keys).toHaveLength(2);
  for (const { kid } of before) expect(JSON.stringify(keys)).not.toContain(kid);
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(false);
  expect((await refresh(server.issuer, client, tokens.refresh_token)).body.error).toBe('invalid_grant');
  // People, sessions, clients and their secrets do not hang on it.
  expect((await person.open('/account')).url).toBe(`${server.issuer}/account`);
  const again = await obtainTokens(server.issuer, client);
  expect((await refresh(server.issuer, client, again.refresh_token)).status).toBe(200);
  const [event] = await query("select detail from audit_events where type = 'signing_keys_discarded'");
  expect(event.detail.kids.toSorted()).toEqual(before.map(({ kid }) => kid));
});

test(
  'an embedded folder that lost its secret is not given another one in silence',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stagedoor-lost-'));
    const env = { OAUTH2_DATA_DIR: join(folder, 'data') };
    const file = join(env.OAUTH2_DATA_DIR, 'secret');
    const keys = await succeed(['keys', 'list'], env);
    const secret = readFileSync(file, 'utf8');

    // A copy of the whole folder, made while nothing ran on it, is a backup.
    cpSync(env.OAUTH2_DATA_DIR, join(folder, 'copy'), { recursive: true });
    expect(await succeed(['keys', 'list'], { OAUTH2_DATA_DIR: join(folder, 'copy') })).toBe(keys);

    rmSync(file);
    await expectRefused(['keys', 'list'], env, /^stagedoor: The master secret .*\/data\/secret is missing, /);
    await expectRefused(
      ['keys', 'discard-lost'],
      env,
      /^stagedoor: The secret in the data folder is missing\.\n[^]*--yes-the-secret-is-lost\n$/,
    );
    expect(existsSync(file)).toBe(false);
    const printed = await succeed(['keys', 'discard-lost', '--yes-the-secret-is-lost'], env);
    for (const [kid] of rowsOf(keys)) expect(printed).toContain(kid);
    expect(readFileSync(file, 'utf8')).not.toBe(secret);
    rmSync(folder, { recursive: true, force: true });
  },
  FIRST_START_MS,
);
