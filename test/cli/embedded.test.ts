import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authorizationUrl,
  introspect,
  post,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { expectRefused, rowsOf, succeed, valueOf } from './commands.ts';

/** The very first PGlite of an installation takes many seconds on a busy machine. */
const FIRST_START_MS = 120_000;

/** More than the 108 bytes that the address of a Unix socket holds. */
const LONG_NAME = 'a-folder-whose-name-alone-is-longer-than-the-address-of-any-unix-socket-could-be-'.repeat(
  2,
);

let parent: string;
let folder: string;
let server: TestServer;
let env: Record<string, string>;
let password: string;

// One folder through its whole life, as the first start of an embedded database takes seconds. The tests are its chapters.
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'stagedoor-embedded-'));
  folder = join(parent, LONG_NAME);
  env = { OAUTH2_DATA_DIR: folder, OAUTH2_ADMIN_PASSWORD: '', OAUTH2_PASSWORD_HASH_COST: '10' };
  server = await startServer({ env });
}, FIRST_START_MS);

afterAll(async () => {
  await server.stop();
  rmSync(parent, { recursive: true, force: true });
});

async function signsIn(secret: string): Promise<boolean> {
  const person = new Person(server.issuer);
  const step = await person.logIn(await person.open('/auth/login'), { username: 'admin', password: secret });
  return step.url.endsWith('/account');
}

function mode(...path: readonly string[]): string {
  return (statSync(join(folder, ...path)).mode & 0o777).toString(8);
}

test('the first start generates an admin password and prints it once, on standard error', async () => {
  password = valueOf('Admin', server.output('stderr'));
  expect(password).toMatch(/^[\w-]{43}$/);
  expect(server.output().split(password)).toHaveLength(2);
  expect(server.output('stdout')).not.toContain(password.slice(0, 8));
  expect(await signsIn(password)).toBe(true);
});

test('the folder, its database and its secret are for their owner alone', () => {
  expect({ folder: mode(), postgres: mode('postgres'), secret: mode('secret') }).toEqual({
    folder: '700',
    postgres: '700',
    secret: '600',
  });
  const secret = readFileSync(join(folder, 'secret'), 'utf8').trim();
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(server.output()).not.toContain(secret.slice(0, 8));
});

test('while the server runs, a second one and every command are refused and told what to do instead', async () => {
  const { issuer } = server;
  const client = await registerClient(issuer);
  const sentence =
    `The data folder ${folder} is in use by another Stagedoor process (process id ${server.pid}). ` +
    'The embedded database serves one process at a time: stop that one first, ' +
    'or point OAUTH2_DATABASE_URL at a PostgreSQL server, which serves many.';
  await Promise.all([
    expectRefused(['serve'], env, sentence),
    expectRefused(['users', 'add', 'intruder'], env, sentence),
    expectRefused(['migrate'], env, sentence),
  ]);
  expect(server.output('stderr')).not.toMatch(/error/i);
  expect((await obtainTokens(client)).access_token).toBeDefined();
});

test('what a server knew and gave out survives its orderly end, and commands work in between', async () => {
  const client = await registerClient(server.issuer);
  const tokens = await obtainTokens(client);
  const secret = readFileSync(join(folder, 'secret'), 'utf8');
  expect(await server.terminate()).toBe(0);

  const clients = rowsOf(await succeed(['clients', 'list'], env));
  expect(clients.map(([id]) => id)).toContain(client.client_id);
  const added = await succeed(['users', 'add', 'late'], env);
  expect(added).toContain('password: ');

  server = await startServer({ env: { ...server.env } });
  expect(server.output()).not.toMatch(/Admin|shown only this once/);
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(secret);
  expect(await signsIn(password)).toBe(true);
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(true);
  expect((await refresh(server.issuer, client, tokens.refresh_token)).status).toBe(200);
});

test('what was answered survives a SIGKILL in the middle of writes, and the lock left behind blocks nobody', async () => {
  const { issuer } = server;
  const issued: { client: TestClient; token: string }[] = [];
  const writer = async () => {
    for (;;) {
      const client = await registerClient(issuer, { grant_types: ['client_credentials'] });
      const answer = await post(`${issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
      if (answer.status === 200) issued.push({ client, token: answer.body.access_token });
      if (issued.length > 60) server.kill('SIGKILL');
    }
  };
  // Each writer ends with the request that gets no answer any more.
  const ends = await Promise.allSettled(Array.from({ length: 8 }, writer));
  expect(ends.map(({ status }) => status)).toEqual(Array(8).fill('rejected'));
  expect(await server.terminate()).toBeNull();
  expect(statSync(join(folder, 'lock')).isSocket()).toBe(true);

  server = await startServer({ env: { ...server.env } });
  for (const { client, token } of issued) {
    expect((await introspect(server.issuer, client, token)).active).toBe(true);
  }
  expect(await signsIn(password)).toBe(true);
});

test('a server whose folder is moved away under it is not ready any more', async () => {
  const ready = async () => (await fetch(`${server.issuer}/ready`)).json() as Promise<any>;
  expect(await ready()).toEqual({
    status: 'ready',
    checks: { database: 'ok', signingKeys: 'ok', actors: 'ok' },
  });
  renameSync(folder, `${folder}-moved`);
  const { checks } = await eventually(ready, ({ status }) => status === 'not ready');
  expect(checks.database).toMatch(/^the data folder is gone/);
  renameSync(`${folder}-moved`, folder);
  await eventually(ready, ({ status }) => status === 'ready');
});

/** The whole code flow with the admin, whose password is the generated one. */
async function obtainTokens(client: TestClient): Promise<any> {
  const { url, verifier } = authorizationUrl(server.issuer, client);
  const answer = await new Person(server.issuer).authorize(url, { username: 'admin', password });
  return (await redeem(server.issuer, client, { code: answer.get('code')!, verifier })).body;
}
