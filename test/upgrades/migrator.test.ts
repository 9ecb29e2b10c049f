import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../src/database/database.ts';
import { LOCKS } from '../../src/database/locks.ts';
import type { Migration } from '../../src/database/migration.ts';
import { migrate } from '../../src/database/migrator.ts';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { STEP_TIMEOUT_MS } from '../../src/database/patience.ts';
import { schemaState } from '../../src/database/schema.ts';
import { holdLock } from '../chaos/load.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { migratedDatabase } from '../support/server.ts';
import { ask, databaseAt, openPool, schemaOf, SECRET } from './databases.ts';
import { THIS_RELEASE } from './releases.ts';

/** Before 0011, which changes the busiest table. */
const BEFORE = 10;
const AFTER = MIGRATIONS.slice(BEFORE).map(({ name }) => name);

const TIMEOUT_MS = 120_000;

const opened: Database[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  for (const each of databases.splice(0)) await each.drop();
});

async function given(
  database: Promise<TestDatabase>,
): Promise<{ url: string; one: Database; other: Database }> {
  const { url } = databases[databases.push(await database) - 1]!;
  const [one, other] = [openPool(url), openPool(url)];
  opened.push(one, other);
  return { url, one, other };
}

/** `stagedoor migrate` in a process of its own. */
function spawnMigrator(url: string) {
  const child = spawn(process.execPath, [THIS_RELEASE.cli, 'migrate'], {
    env: { PATH: process.env.PATH, OAUTH2_DATABASE_URL: url, OAUTH2_SECRET: SECRET },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  return { ended, printed: () => printed, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

/** Whether some session holds the lock that migrators share. */
async function isLocked(url: string): Promise<boolean> {
  const sql = `select from pg_locks where locktype = 'advisory' and objid = ${LOCKS.migrate} and granted
    and database = (select oid from pg_database where datname = current_database())`;
  return (await ask(url, sql)).length > 0;
}

describe('a table that others hold', () => {
  test('is waited for so shortly that no request waits for it with us; then it is tried again until it is free', async () => {
    const { url, one } = await given(databaseAt(BEFORE));
    const id = '00000000-0000-4000-8000-000000000001';
    await ask(url, `insert into grants values ('${id}', 'c', '${id}', 's', now(), now() + interval '1 day')`);
    // A long transaction that has written a grant: no other writer waits for it, but an "alter table" does, and whoever comes after that.
    const holder = await holdLock(url, 'lock table grants in row exclusive mode');
    // A statement of the load that waits for any lock as long as that fails, and the test with it.
    const limit = 4 * STEP_TIMEOUT_MS;
    let [isOver, done] = [false, 0];
    const load = Array.from({ length: 3 }, async () => {
      const busy = new URL(url);
      busy.searchParams.set('options', `-c lock_timeout=${limit}ms`);
      const pool = openPool(busy.href);
      opened.push(pool);
      while (!isOver) {
        await pool.knex.raw(`update grants set rotated_at = now() where id = '${id}'`);
        done += 1;
      }
    });
    const said: string[] = [];
    const migrated = migrate(one, { say: (sentence) => said.push(sentence) });
    await eventually(() => said.length > 0);
    const doneBefore = done;
    await new Promise((resolve) => setTimeout(resolve, 3 * limit));
    expect(done).toBeGreaterThan(doneBefore);
    expect((await schemaState(one.knex)).kind).toBe('behind');
    await holder.release();
    expect(await migrated).toEqual(AFTER);
    isOver = true;
    await Promise.all(load);
    expect(said[0]).toMatch(
      /^0011_keep_writes_small, step 1 of 8: a lock was not to be had in time: database process \d+ \(.+, for \d+ s\) uses grants; trying again$/,
    );
  });

  test('and never let go of ends the migrator, which says who holds it; nothing is lost', async () => {
    const { url, one } = await given(databaseAt(BEFORE));
    const holder = await holdLock(url, 'lock table grants in row exclusive mode');
    await expect(migrate(one, { patienceMs: 500 })).rejects.toThrow(
      /^Step 1 of 8 of 0011_keep_writes_small: no success in \d+ tries within \d+ s: a lock was not to be had in time: database process \d+ \(without a name, idle in transaction, for \d+ s\) uses grants\. What was done before it stays done: mend the cause and run "stagedoor migrate" again, which goes on with this step\.$/,
    );
    await holder.release();
    expect(await migrate(one)).toEqual(AFTER);
  });
});

test('a step that would lock rows or tables for longer than it may is not done at all, and says so', async () => {
  const { url, one } = await given(databaseAt(MIGRATIONS.length));
  const id = '00000000-0000-4000-8000-000000000001';
  await ask(url, `insert into grants values ('${id}', 'c', '${id}', 's', now(), now() + interval '1 day')`);
  const slow: Migration = {
    name: '9001_take_long',
    kind: 'expand',
    steps: [`update grants set scope = 'none' where (pg_sleep(${(5 * STEP_TIMEOUT_MS) / 1000}) is not null)`],
  };
  await expect(migrate(one, { migrations: [...MIGRATIONS, slow], patienceMs: 300 })).rejects.toThrow(
    /^Step 1 of 1 of 9001_take_long: no success in \d+ tries within \d+ s: it took too long/,
  );
  expect(await ask(url, 'select scope from grants')).toEqual([{ scope: 's' }]);
});

describe('two migrators at once', () => {
  test('take turns, ten times over: one does it all, the other finds nothing to do', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { one, other } = await given(databaseAt(BEFORE));
      const applied = await Promise.all([migrate(one), migrate(other)]);
      expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([AFTER, []]);
      expect(await schemaState(one.knex)).toEqual({ kind: 'current', newer: [] });
    }
  }, 60_000);

  test('the second says that it waits, and for whom; it goes on when the first has died', async () => {
    const { url, one, other } = await given(databaseAt(BEFORE));
    const holder = await holdLock(url, 'lock table grants in row exclusive mode');
    const first = spawnMigrator(url);
    await eventually(() => first.printed().includes('trying again'));
    const said: string[] = [];
    const second = migrate(other, { say: (sentence) => said.push(sentence) });
    await eventually(() => said.length > 0);
    expect(said).toEqual([
      expect.stringMatching(
        /^another migrator is at work on this database \(database process \d+, from [\d.:a-f]+\); waiting until it is done$/,
      ),
    ]);
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    await holder.release();
    expect(await second).toEqual(AFTER);
    expect(await migrate(one)).toEqual([]);
  });
});

describe('a migrator that is interrupted', () => {
  /** Steps that are to be counted as done wait for whoever holds the lock of their number. */
  const GATE = `
    create function wait_at_gate() returns trigger language plpgsql as $$
      begin
        if new.steps_done <> old.steps_done then
          perform pg_advisory_xact_lock(42, new.steps_done);
        end if;
        return new;
      end $$;
    create trigger gate before update on schema_changes for each row execute function wait_at_gate()`;

  const isAtGate = async (url: string, step: number) =>
    (
      await ask(
        url,
        `select from pg_locks where locktype = 'advisory' and classid = 42 and objid = ${step} and not granted`,
      )
    ).length > 0;

  test(
    'by kill -9, at each step, leaves a database on which the next goes on with that step',
    async () => {
      const { url, one } = await given(databaseAt(BEFORE));
      await ask(url, GATE);
      const steps = MIGRATIONS[BEFORE]!.steps.length;
      for (let step = 1; step <= steps; step += 1) {
        const gate = await holdLock(url, `select pg_advisory_lock(42, ${step})`);
        const migrator = spawnMigrator(url);
        await eventually(() => isAtGate(url, step));
        migrator.kill('SIGKILL');
        await migrator.ended;
        // The server notices that nobody is there, and no lock is left behind.
        await eventually(async () => !(await isLocked(url)));
        await gate.release();
        expect(
          await ask(url, `select steps_done::int as done from schema_changes where name = '${AFTER[0]!}'`),
        ).toEqual([{ done: step - 1 }]);
        expect((await schemaState(one.knex)).kind).toBe('behind');
      }
      const last = spawnMigrator(url);
      expect({ ...(await last.ended), printed: last.printed() }).toEqual({
        code: 0,
        signal: null,
        printed: AFTER.map((name) => `applied ${name}\n`).join(''),
      });
      const fresh = await given(migratedDatabase());
      expect(await schemaOf(url)).toEqual(await schemaOf(fresh.url));
    },
    TIMEOUT_MS,
  );

  test('in the middle of an index leaves one that is not valid, which the next drops and builds anew', async () => {
    const { url, one } = await given(databaseAt(BEFORE));
    // An index that is built concurrently waits for transactions that saw the table as it was.
    const reader = await holdLock(
      url,
      'set transaction isolation level repeatable read; select 1 from sessions',
    );
    const migrator = spawnMigrator(url);
    const building = () =>
      ask(url, 'select from pg_stat_progress_create_index where datname = current_database()');
    await eventually(building, ({ length }) => length > 0);
    migrator.kill('SIGTERM');
    expect((await migrator.ended).code).toBe(143);
    expect(migrator.printed()).toMatch(/interrupted; nothing is lost: run "stagedoor migrate" again/);
    await eventually(async () => !(await isLocked(url)));
    const invalid = 'select indexrelid::regclass::text as name from pg_index where not indisvalid';
    expect(await ask(url, invalid)).toEqual([{ name: 'grants_by_expiry_day' }]);
    await reader.release();
    expect(await migrate(one)).toEqual(AFTER);
    expect(await ask(url, invalid)).toEqual([]);
  });
});

test('a step that takes long says what it is at, and for whom it waits', async () => {
  const { url, one } = await given(databaseAt(BEFORE));
  const reader = await holdLock(
    url,
    'set transaction isolation level repeatable read; select 1 from sessions',
  );
  const said: string[] = [];
  const migrated = migrate(one, { say: (sentence) => said.push(sentence), progressMs: 100 });
  const wanted =
    /^0011_keep_writes_small, step 2 of 8: still at work: \w.*; it waits for database process \d+ \(idle in transaction, for \d+ s\)$/;
  await eventually(() => said.some((sentence) => wanted.test(sentence)));
  await reader.release();
  expect(await migrated).toEqual(AFTER);
});

describe('a partitioned table', () => {
  const INDEX: Migration = {
    name: '9001_find_tokens_by_grant',
    kind: 'expand',
    steps: ['create index concurrently access_tokens_by_grant on access_tokens (grant_id)'],
  };
  const migrations = [...MIGRATIONS, INDEX];

  test('gets an index partition by partition, also after an interruption, and new partitions have it too', async () => {
    const { url, one } = await given(databaseAt(MIGRATIONS.length));
    const day = (date: string, next: string) =>
      ask(
        url,
        `create table access_tokens_${date.replaceAll('-', '')} partition of access_tokens for values from ('${date}') to ('${next}')`,
      );
    await day('2040-01-02', '2040-01-03');
    // As an interrupted run leaves it: the index of the whole, and that of one partition.
    await ask(url, 'create index access_tokens_by_grant on only access_tokens (grant_id)');
    await ask(url, 'create index half_done on access_tokens_20400101 (grant_id)');
    await ask(url, 'alter index access_tokens_by_grant attach partition half_done');
    expect(await migrate(one, { migrations })).toEqual([INDEX.name]);
    await day('2040-01-03', '2040-01-04');
    const sql = `
      select indrelid::regclass::text as of, indisvalid as valid from pg_index
      where pg_get_indexdef(indexrelid) like '%(grant_id)' order by 1`;
    expect(await ask(url, sql)).toEqual(
      ['access_tokens', 'access_tokens_20400101', 'access_tokens_20400102', 'access_tokens_20400103'].map(
        (of) => ({
          of,
          valid: true,
        }),
      ),
    );
  });
});

test('a column is filled page by page, whatever is written meanwhile', async () => {
  const { url, one, other } = await given(databaseAt(7));
  const [id, rows] = ['00000000-0000-4000-8000-000000000001', 20_000];
  await ask(url, `insert into users values ('${id}', 'u', 'h', null, null, null, '{}', now(), now())`);
  await ask(
    url,
    `insert into sessions select sha256(n::text::bytea), '${id}', now(), now() from generate_series(1, ${rows}) n`,
  );
  let isOver = false;
  const writer = (async () => {
    for (let n = 1; !isOver; n = (n % rows) + 1)
      await other.knex.raw(`update sessions set ended_at = now() where session_hash = sha256('${n}'::bytea)`);
  })();
  await migrate(one, { migrations: MIGRATIONS.slice(0, 8) });
  isOver = true;
  await writer;
  const [counts] = await ask<object>(
    url,
    `select count(*)::int as rows, count(distinct id)::int as ids, count(last_seen_at)::int as seen from sessions`,
  );
  expect(counts).toEqual({ rows, ids: rows, seen: rows });
}, 60_000);

test('on an empty database it makes the same schema as step by step on one with rows', async () => {
  const empty = await given(createTestDatabase());
  expect(await migrate(empty.one)).toEqual(MIGRATIONS.map(({ name }) => name));
  const grown = await given(databaseAt(1));
  expect(await migrate(grown.one)).toEqual(MIGRATIONS.slice(1).map(({ name }) => name));
  expect(await schemaOf(grown.url)).toEqual(await schemaOf(empty.url));
});
