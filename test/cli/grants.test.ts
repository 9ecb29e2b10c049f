import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { post, registerClient } from '../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startServer } from '../support/server.ts';
import { expectRefused, succeed } from './commands.ts';

const SECRET = 'a-master-secret-for-tests-only-0123456789';
const SERVER = `server_${randomBytes(6).toString('hex')}`;
const OWNER = `owner_${randomBytes(6).toString('hex')}`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  // As the chart's README has it.
  await asRole(undefined, `create role ${SERVER} login password 'secret'`);
  await asRole(undefined, `create role ${OWNER} login password 'secret' in role ${SERVER}`);
  await asRole(undefined, `alter database ${name} owner to ${OWNER}`);
});
afterAll(async () => {
  await asRole(undefined, `drop owned by ${SERVER}, ${OWNER} cascade`);
  const admin = new URL(database.url);
  await database.drop();
  admin.pathname = '/postgres';
  await query(admin.href, `drop role ${OWNER}`);
  await query(admin.href, `drop role ${SERVER}`);
});

function urlOf(role: string): string {
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'secret'];
  return url.href;
}

function envOf(role: string): Record<string, string> {
  return { OAUTH2_DATABASE_URL: urlOf(role), OAUTH2_SECRET: SECRET };
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

function asRole(role: string | undefined, sql: string): Promise<readonly unknown[]> {
  return query(role === undefined ? database.url : urlOf(role), sql);
}

const PARTITION_OWNERS = `
  select distinct tableowner as owner from pg_tables where tablename like 'access\\_tokens%'`;

test('with a role of its own for migrations, the server works and cannot change the schema', async () => {
  const migrate = ['migrate', '--grant-to', SERVER];
  expect(await succeed(migrate, envOf(OWNER))).toMatch(/^applied 0001/);
  expect(await succeed(migrate, envOf(OWNER))).toBe('The schema is up to date.\n');

  const server = await startServer({ env: envOf(SERVER) });
  try {
    const client = await registerClient(server.issuer, { grant_types: ['client_credentials'] });
    const answer = await post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
    expect(answer.status).toBe(200);
  } finally {
    await server.stop();
  }
  expect(await asRole(undefined, PARTITION_OWNERS)).toEqual([{ owner: SERVER }]);
  const forbidden = [
    'alter table clients add column x text',
    'drop table users',
    "insert into schema_migrations (name) values ('9999_x')",
  ];
  for (const sql of forbidden) {
    await expect(asRole(SERVER, sql)).rejects.toMatchObject({ code: '42501' });
  }
  // A later migration may change every table, the server's partitions among them.
  await asRole(OWNER, 'alter table access_tokens add column later text');
  await asRole(OWNER, 'alter table clients add column later text');
});

test('a role that is not there, or not that of the one who migrates, is refused in a sentence', async () => {
  await expectRefused(
    ['migrate', '--grant-to', 'nobody_there'],
    envOf(OWNER),
    'The role that --grant-to names got no rights (42704). It must exist, and the role that ' +
      'migrates must be a member of it and own the database.',
  );
  await expectRefused(
    ['migrate', '--grant-to', SERVER],
    {},
    'The embedded database has no roles to grant to.',
  );
});
