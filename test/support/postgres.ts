import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';

export { startPostgres } from '../../scripts/embedded-postgres.mjs';

/** Set for the whole run by global-setup.ts; the URL may be given from outside to use an existing server. */
export const SERVER_URL_VARIABLE = 'TEST_DATABASE_URL';
export const RUN_VARIABLE = 'TEST_DATABASE_RUN';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A fresh and empty database, for the caller alone. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return onServer((server) => createDatabase(server));
}

/**
 * A fresh copy of a database which `prepare` has filled once in this run, whichever worker comes first.
 * `prepare` must close its connections: PostgreSQL copies only a database that nobody uses.
 */
export async function templateDatabase(
  key: string,
  prepare: (url: string) => Promise<void>,
): Promise<TestDatabase> {
  return onServer(async (server) => {
    const template = `${runPrefix()}_template_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
    await prepareOnce(server, template, prepare);
    return createDatabase(server, template);
  });
}

/** Fails early and in words where the server that was given cannot be used. */
export async function requireServer(): Promise<void> {
  try {
    await onServer((server) => server.query('select 1'));
  } catch (cause) {
    throw new Error(`The server of ${SERVER_URL_VARIABLE} cannot be used: ${String(cause)}`, { cause });
  }
}

/** Everything this run has left on a server that outlives it. */
export async function dropTestDatabases(): Promise<void> {
  await onServer(async (server) => {
    const query = 'select datname from pg_database where starts_with(datname, $1)';
    const { rows } = await server.query<{ datname: string }>(query, [runPrefix()]);
    for (const { datname } of rows) await dropDatabase(server, datname);
  });
}

async function prepareOnce(
  server: pg.Client,
  template: string,
  prepare: (url: string) => Promise<void>,
): Promise<void> {
  // Released with the connection. Its scope is the one database through which every worker comes.
  await server.query('select pg_advisory_lock(hashtextextended($1, 0))', [template]);
  const { rowCount } = await server.query('select from pg_database where datname = $1', [template]);
  if (rowCount === 0) {
    const draft = await createDatabase(server);
    try {
      await prepare(draft.url);
    } catch (error) {
      await draft.drop();
      throw error;
    }
    // It takes the name only when complete, so a failed or interrupted prepare leaves no template.
    const name = databaseName(draft.url);
    await server.query(`alter database ${name} with allow_connections false`);
    await server.query(`alter database ${name} rename to ${template}`);
  }
  await server.query('select pg_advisory_unlock(hashtextextended($1, 0))', [template]);
}

async function createDatabase(server: pg.Client, template?: string): Promise<TestDatabase> {
  const name = `${runPrefix()}_${randomBytes(8).toString('hex')}`;
  await server.query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer((again) => dropDatabase(again, name)) };
}

async function dropDatabase(server: pg.Client, name: string): Promise<void> {
  await server.query(`drop database if exists ${name} with (force)`);
}

async function onServer<Result>(use: (server: pg.Client) => Promise<Result>): Promise<Result> {
  const server = new pg.Client({ connectionString: serverUrl() });
  await server.connect();
  try {
    return await use(server);
  } finally {
    await server.end();
  }
}

function serverUrl(): string {
  return fromGlobalSetup(SERVER_URL_VARIABLE);
}

function runPrefix(): string {
  return `stagedoor_test_${fromGlobalSetup(RUN_VARIABLE)}`;
}

function databaseName(url: string): string {
  return new URL(url).pathname.slice(1);
}

function fromGlobalSetup(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run the tests with "npm test".`);
  return value;
}
