import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import pg from 'pg';
import { createTestDatabase, templateDatabase } from './postgres.ts';
import { eventually } from './eventually.ts';

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function showSetting(url: string, name: string): Promise<string | undefined> {
  return (await query<Record<string, string>>(url, `show ${name}`))[0]?.[name];
}

test('is a real PostgreSQL 18 or newer, as durable as by default', async () => {
  const database = await createTestDatabase();
  expect(Number(await showSetting(database.url, 'server_version_num'))).toBeGreaterThanOrEqual(180_000);
  expect(await showSetting(database.url, 'fsync')).toBe('on');
  expect(await showSetting(database.url, 'synchronous_commit')).toBe('on');
  expect(Number(await showSetting(database.url, 'max_connections'))).toBeGreaterThanOrEqual(100);
  await database.drop();
});

test('test databases are apart from each other, and dropping one takes its connections along', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await query(one.url, 'create table only_here (id int)');
  await expect(query(other.url, 'select * from only_here')).rejects.toThrow('does not exist');
  const lingering = new pg.Client({ connectionString: one.url });
  lingering.on('error', () => undefined);
  await lingering.connect();
  await Promise.all([one.drop(), other.drop()]);
  await expect(query(one.url, 'select 1')).rejects.toThrow('does not exist');
});

test('a template is prepared once, even by rivals, and every clone is its own', async () => {
  let preparations = 0;
  const prepare = async (url: string): Promise<void> => {
    preparations += 1;
    await query(url, "create table play (title text); insert into play values ('Hamlet')");
  };
  const clones = await Promise.all([1, 2, 3, 4].map(() => templateDatabase('postgres.test: play', prepare)));
  expect(preparations).toBe(1);
  expect(new Set(clones.map(({ url }) => url)).size).toBe(4);
  await query(clones[0]!.url, 'delete from play');
  expect(await query(clones[1]!.url, 'select title from play')).toEqual([{ title: 'Hamlet' }]);
  await Promise.all(clones.map((clone) => clone.drop()));
});

test('a template whose preparation failed is prepared anew', async () => {
  const key = 'postgres.test: second attempt';
  const failing = templateDatabase(key, () => Promise.reject(new Error('no stage')));
  await expect(failing).rejects.toThrow('no stage');
  const clone = await templateDatabase(key, async (url) => {
    await query(url, 'create table play ()');
  });
  expect(await query(clone.url, 'select from play')).toEqual([]);
  await clone.drop();
});

test('a server does not outlive the process that started it, even one that is killed', async () => {
  const core = new URL('../../scripts/embedded-postgres.mjs', import.meta.url).href;
  const script = `
    import { startPostgres } from ${JSON.stringify(core)};
    const { url, pid } = await startPostgres();
    process.stdout.write(JSON.stringify({ url, pid }), () => process.kill(process.pid, 'SIGKILL'));`;
  const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const { stdout } = (await killed.catch((error: unknown) => error)) as { stdout: string };
  const { url, pid } = JSON.parse(stdout) as { url: string; pid: number };
  await expect(gone(pid)).resolves.toBeUndefined();
  await expect(query(url, 'select 1')).rejects.toThrow();
});

async function gone(pid: number): Promise<void> {
  await eventually(() => !isRunning(pid));
}

function isRunning(pid: number): boolean {
  if (existsSync('/proc')) return existsSync(`/proc/${pid}`);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
