import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  introspect,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Person } from '../support/person.ts';
import { startPostgres } from '../support/postgres.ts';
import { postgresPrograms, runProgram } from '../support/postgres-programs.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';

type RunningPostgres = Awaited<ReturnType<typeof startPostgres>>;

const SECRET = 'mQm1o3kS0ZpYv7uR4c8Xt2Wn6Jb9Ld5H';
const OWNER = 'stagedoor_owner';
const SERVER = 'stagedoor_server';
const START_MS = 120_000;

let folder: string;
let postgres: RunningPostgres;
let before: TestServer;
let after: TestServer;

/** What was given out before the backup was made. */
let given: {
  client: TestClient;
  person: Person;
  tokens: any;
  revoked: any;
  code: { code: string; verifier: string };
  kids: readonly string[];
  auditEvents: number;
};
/** What was given out, or taken back, after it. */
let later: { rotated: any[]; revokedLater: any; issuedLater: any };

// One life of an installation: it serves, is backed up, serves on, is lost, and comes back. The tests are its chapters.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stagedoor-backup-'));
  postgres = await startPostgres({ programs: postgresPrograms() });
  await sql('postgres', `create role ${SERVER} login password 'secret'`);
  await sql('postgres', `create role ${OWNER} login password 'secret' in role ${SERVER}`);
  await createDatabase('stagedoor');
  await cli(['migrate', '--grant-to', SERVER], OWNER, 'stagedoor');
  before = await startServer({ env: envOf(SERVER, 'stagedoor') });
  given = await giveOut(before);
  await runProgram('pg_dump', [
    '--format=custom',
    `--file=${join(folder, 'stagedoor.dump')}`,
    urlOf(OWNER, 'stagedoor'),
  ]);
  later = await goOn(before);
  expect(await before.terminate()).toBe(0);

  await createDatabase('restored');
  // As docs/operations.md has it.
  await runProgram('pg_restore', [
    '--exit-on-error',
    '--single-transaction',
    '--no-owner',
    '--no-privileges',
    `--dbname=${urlOf(OWNER, 'restored')}`,
    join(folder, 'stagedoor.dump'),
  ]);
  await cli(['migrate', '--grant-to', SERVER], OWNER, 'restored');
  // The same port, so the same issuer: clients and browsers notice nothing.
  const { OAUTH2_SERVER_PORT } = before.env;
  after = await startServer({
    env: { ...envOf(SERVER, 'restored'), OAUTH2_SERVER_PORT: OAUTH2_SERVER_PORT! },
  });
}, START_MS);

afterAll(async () => {
  await after?.terminate();
  await before?.terminate();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function urlOf(role: string, database: string): string {
  const url = new URL(postgres.url);
  if (role !== 'postgres') [url.username, url.password] = [role, 'secret'];
  url.pathname = `/${database}`;
  return url.href;
}

function envOf(role: string, database: string): Record<string, string> {
  return {
    OAUTH2_DATABASE_URL: urlOf(role, database),
    OAUTH2_SECRET: SECRET,
    OAUTH2_AUTHORIZATION_CODE_EXPIRATION: '600',
    OAUTH2_REFRESH_GRACE: '0',
  };
}

async function sql(database: string, text: string): Promise<any[]> {
  const client = new pg.Client({ connectionString: urlOf('postgres', database) });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function createDatabase(name: string): Promise<void> {
  await sql('postgres', `create database ${name} owner ${OWNER} encoding 'UTF8' template template0`);
}

async function cli(args: readonly string[], role: string, database: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, envOf(role, database));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function kidsOf({ issuer }: TestServer): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid).toSorted();
}

async function giveOut(server: TestServer): Promise<typeof given> {
  const { issuer } = server;
  const client = await registerClient(issuer);
  const person = new Person(issuer);
  await person.logIn(await person.open('/auth/login'));
  const tokens = await obtainTokens(issuer, client);
  const revoked = await obtainTokens(issuer, client);
  await post(`${issuer}/oauth/revoke`, client, { token: revoked.refresh_token });
  const code = await obtainCode(issuer, client);
  const count = async () =>
    (await sql('stagedoor', 'select count(*)::int as count from audit_events'))[0].count;
  const auditEvents = await eventually<number>(count, (found) => found >= 3);
  return { client, person, tokens, revoked, code, kids: await kidsOf(server), auditEvents };
}

async function goOn({ issuer }: TestServer): Promise<typeof later> {
  const { client } = given;
  const rotated = [given.tokens];
  for (let generation = 0; generation < 3; generation += 1)
    rotated.push((await refresh(issuer, client, rotated.at(-1).refresh_token)).body);
  const revokedLater = await obtainTokens(issuer, client);
  return { rotated, revokedLater, issuedLater: revokedLater };
}

test('browsers stay signed in', async () => {
  const account = await given.person.open('/account');
  expect(account.url).toBe(`${after.issuer}/account`);
  expect(account.text).toContain('admin');
});

test('access tokens are active, and verified by the same keys', async () => {
  expect((await introspect(after.issuer, given.client, given.tokens.access_token)).active).toBe(true);
  expect(await kidsOf(after)).toEqual(given.kids);
});

test('clients authenticate by their secrets, and get tokens; codes that were not spent are redeemed', async () => {
  const answer = await redeem(after.issuer, given.client, given.code);
  expect(answer.status).toBe(200);
  expect((await refresh(after.issuer, given.client, answer.body.refresh_token)).status).toBe(200);
});

test('what was revoked before the backup stays revoked', async () => {
  expect((await introspect(after.issuer, given.client, given.revoked.access_token)).active).toBe(false);
  expect((await refresh(after.issuer, given.client, given.revoked.refresh_token)).status).toBe(400);
});

test('what was issued after the backup is unknown: access tokens are inactive, refresh tokens refused', async () => {
  const { issuedLater } = later;
  expect((await introspect(after.issuer, given.client, issuedLater.access_token)).active).toBe(false);
  const answer = await refresh(after.issuer, given.client, issuedLater.refresh_token);
  expect({ status: answer.status, error: answer.body.error }).toEqual({
    status: 400,
    error: 'invalid_grant',
  });
});

test('a refresh token that was rotated after the backup goes on, and one from before it is then found out', async () => {
  const { client } = given;
  const newest = later.rotated.at(-1);
  expect((await introspect(after.issuer, client, newest.refresh_token)).active).toBe(true);
  const next = await refresh(after.issuer, client, newest.refresh_token);
  expect(next.status).toBe(200);
  expect((await introspect(after.issuer, client, newest.refresh_token)).active).toBe(false);
  // Somebody who kept a token that the database, as it was restored, took for the current one.
  const thief = await refresh(after.issuer, client, given.tokens.refresh_token);
  expect(thief.body.error).toBe('invalid_grant');
  expect((await introspect(after.issuer, client, next.body.access_token)).active).toBe(false);
  expect((await refresh(after.issuer, client, next.body.refresh_token)).body.error).toBe('invalid_grant');
  const reuse = "select count(*)::int as count from audit_events where type = 'refresh_token_reused'";
  await eventually(async () => (await sql('restored', reuse))[0].count === 1);
});

test('the audit, the partitions and the rights of the roles are there', async () => {
  const [{ count }] = await sql('restored', 'select count(*)::int as count from audit_events');
  expect(count).toBeGreaterThanOrEqual(given.auditEvents);
  const owners = `select count(*)::int as count, count(distinct tableowner)::int as owners, min(tableowner::text) as owner
    from pg_tables where tablename like 'access\\_tokens%'`;
  const [partitions] = await sql('restored', owners);
  expect(partitions).toEqual({ count: expect.any(Number), owners: 1, owner: SERVER });
  expect(partitions.count).toBeGreaterThan(7);
  const [attached] = await sql(
    'restored',
    "select count(*)::int as count from pg_inherits where inhparent = 'access_tokens'::regclass",
  );
  expect(attached.count).toBe(partitions.count - 1);
});

test('a client that is changed by a command is changed on the server that runs: the notice is heard', async () => {
  const client = await registerClient(after.issuer, { grant_types: ['client_credentials'] });
  const ask = async () =>
    (await post(`${after.issuer}/oauth/token`, client, { grant_type: 'client_credentials' })).status;
  expect(await ask()).toBe(200);
  await cli(['clients', 'disable', client.client_id], SERVER, 'restored');
  expect(await eventually(ask, (status) => status !== 200)).toBe(401);
});

test('schema and indexes are those that the migrations make', async () => {
  const dump = async (database: string) =>
    (
      await runProgram('pg_dump', [
        '--schema-only',
        '--no-owner',
        '--no-privileges',
        urlOf('postgres', database),
      ])
    ).replaceAll(/^\\(?:un)?restrict .*$/gm, '');
  expect(await dump('restored')).toBe(await dump('stagedoor'));
});
