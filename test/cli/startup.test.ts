import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { resolve } from 'node:path';
import pg from 'pg';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { freePort, migratedDatabase, runCli, startServer } from '../support/server.ts';
import { expectRefused, succeed, valueOf } from './commands.ts';

const SECRET = 'a-master-secret-for-tests-only-0123456789';

let empty: TestDatabase;
let migrated: TestDatabase;

beforeAll(async () => {
  [empty, migrated] = await Promise.all([createTestDatabase(), migratedDatabase()]);
});
afterAll(() => Promise.all([empty.drop(), migrated.drop()]));

function envOf(url: string): Record<string, string> {
  return { OAUTH2_DATABASE_URL: url, OAUTH2_SECRET: SECRET, OAUTH2_PASSWORD_HASH_COST: '10' };
}

test('all that is wrong with the configuration is said at once, by every command, without repeating a secret', async () => {
  const env = {
    OAUTH2_SERVER_PORT: '99999',
    OAUTH2_ISSUER: 'http://login.example.com',
    OAUTH2_DATABASE_URL: 'mysql://someone:hunter2hunter2@db.example/x',
    OAUTH2_SECRET: 'tooshort-4711',
    OAUTH2_LOG_LEVEL: 'loud',
  };
  for (const command of [['serve'], ['migrate'], ['keys', 'list']]) {
    const { code, stdout, stderr } = await runCli(command, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const [heading, ...problems] = stderr.trimEnd().split('\n');
    expect(heading).toBe('stagedoor: The configuration is not usable:');
    expect(problems.map((line) => /^ {2}- (OAUTH2_\w+) must /.exec(line)?.[1]).toSorted()).toEqual(
      Object.keys(env).toSorted(),
    );
    for (const secret of ['hunter2hunter2', 'db.example', 'tooshort-4711'])
      expect(stderr).not.toContain(secret);
  }
});

test('an unmigrated database is refused by commands; migrate brings it up to date', async () => {
  const env = envOf(empty.url);
  await expectRefused(
    ['users', 'list'],
    env,
    `The database lacks ${MIGRATIONS.length} migration(s), the first of them 0001_create_clients. Run "stagedoor migrate", then start again.`,
  );
  expect(await succeed(['migrate'], env)).toBe(MIGRATIONS.map(({ name }) => `applied ${name}\n`).join(''));
  expect(await succeed(['migrate'], env)).toBe('The schema is up to date.\n');
  expect(await succeed(['users', 'list'], env)).toMatch(/^USERNAME/);
});

test('a database of a newer version is refused by the server, by commands and by migrate', async () => {
  const client = new pg.Client({ connectionString: migrated.url });
  await client.connect();
  await client.query(
    "insert into schema_migrations (name, batch, migration_time) values ('9999_from_the_future', 9, now())",
  );
  const sentence =
    'The database was migrated by a newer version of Stagedoor, and this one cannot work with it (it has 9999_from_the_future). Start a version that can, or restore a backup made before the upgrade.';
  const env = envOf(migrated.url);
  await Promise.all([
    expectRefused(['serve'], env, sentence),
    expectRefused(['keys', 'list'], env, sentence),
    expectRefused(['migrate'], env, sentence),
  ]);
  await client.query("delete from schema_migrations where name = '9999_from_the_future'");
  await client.end();
});

test('a database that cannot be used is named by its setting, never by its URL', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const wrongPassword = new URL(migrated.url);
  wrongPassword.password = 'hunter2hunter2';
  const noDatabase = new URL(migrated.url);
  noDatabase.pathname = '/no_such_database';
  const noTls = new URL(migrated.url);
  noTls.searchParams.set('sslmode', 'verify-full');
  const closed = await freePort();
  const cases: readonly (readonly [string, string])[] = [
    [wrongPassword.href, '28P01'],
    [noDatabase.href, '3D000'],
    [`postgres://someone:hunter2hunter2@127.0.0.1:${closed}/x`, 'ECONNREFUSED'],
    [
      `postgres://someone:hunter2hunter2@127.0.0.1:${portOf(silent)}/x`,
      'no answer that the driver understands',
    ],
    // The driver waits for this one no longer under migrate, whose statements may take an hour.
    [
      `postgres://someone:hunter2hunter2@127.0.0.1:${portOf(silent)}/y`,
      'no answer that the driver understands',
    ],
    [noTls.href, 'no answer that the driver understands'],
  ];
  await Promise.all(
    cases.map(([url, reason], index) =>
      expectRefused(
        [['serve'], ['migrate'], ['users', 'list']][index % 3]!,
        { ...envOf(url), OAUTH2_STATEMENT_TIMEOUT_MS: '500' },
        `The database that OAUTH2_DATABASE_URL names cannot be used (${reason}). Check that it runs, and the URL's host, user, password, database name and sslmode.`,
      ),
    ),
  );
  silent.close();
});

test('a data folder that cannot be used is named with the reason', async () => {
  const file = resolve('package.json');
  const sentence = `The data folder ${file} cannot be used (EEXIST). Make it a folder that this user may write to, with room left on its disk, or set OAUTH2_DATA_DIR to another.`;
  await Promise.all([
    expectRefused(['serve'], { OAUTH2_DATA_DIR: file }, sentence),
    expectRefused(['keys', 'list'], { OAUTH2_DATA_DIR: file }, sentence),
  ]);
});

test('where people exist but no admin, one is made still, unless somebody has the name', async () => {
  const people = await migratedDatabase();
  const env = { ...envOf(people.url), OAUTH2_ADMIN_PASSWORD: 'an admin for the first time' };
  await succeed(['users', 'add', 'root'], env);
  await expectRefused(
    ['serve'],
    { ...env, OAUTH2_ADMIN_USERNAME: 'root', OAUTH2_LOG_LEVEL: 'silent' },
    'There is no admin yet, and the name root belongs to somebody who is none. Set OAUTH2_ADMIN_USERNAME to another name, or add an admin by "stagedoor users add NAME --admin".',
  );
  const server = await startServer({ env });
  expect(await succeed(['users', 'list'], env)).toMatch(/^admin +.*admin/m);
  expect(await server.terminate()).toBe(0);
  await people.drop();
});

test('a port in use is named; the first admin is left to the start that succeeds', async () => {
  const rival = createServer().listen(0, '127.0.0.1');
  await once(rival, 'listening');
  const env = envOf(migrated.url);
  const { code, stderr } = await runCli(['serve'], { ...env, OAUTH2_SERVER_PORT: String(portOf(rival)) });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `stagedoor: Cannot listen on 127.0.0.1 port ${portOf(rival)}: another process uses the port; stop it or set OAUTH2_SERVER_PORT\n`,
  });
  rival.close();
  // startServer gives a password unless told otherwise; an empty variable counts as unset.
  const server = await startServer({ env: { ...env, OAUTH2_ADMIN_PASSWORD: '' } });
  expect(valueOf('Admin', server.output('stderr'))).toMatch(/^[\w-]{43}$/);
  expect(await server.terminate()).toBe(0);

  await expectRefused(
    ['serve'],
    { ...env, OAUTH2_SECRET: 'another-master-secret-0123456789-abcdef', OAUTH2_LOG_LEVEL: 'silent' },
    /^stagedoor: The signing key [\w-]{43} in the database cannot be decrypted with OAUTH2_SECRET\. Put the secret .*\.\n$/,
  );
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
