import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { openPostgres, type Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrator.ts';
import { schemaState, SchemaMismatch } from '../../src/database/schema.ts';
import { openStorage } from '../../src/storage.ts';
import { onEachBackend } from '../support/backends.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/eventually.ts';

const MIGRATIONS = [
  '0001_create_clients',
  '0002_create_users',
  '0003_create_authorization_codes',
  '0004_create_tokens',
  '0005_create_signing_keys',
  '0006_create_audit_events',
  '0007_create_login_attempts',
  '0008_add_session_facts',
  '0009_add_admin_desk',
  '0010_create_replicas',
  '0011_keep_writes_small',
  '0012_note_what_replicas_know',
  '0013_room_for_stamps',
];

onEachBackend((backend) => {
  test('a database is migrated once: a second time finds nothing to do and changes nothing', async () => {
    expect(await schemaState(backend.knex)).toEqual({ kind: 'current', newer: [] });
    const applied = () => backend.rows('select id, name, migration_time from schema_migrations order by id');
    const before = await applied();
    expect(before).toMatchObject(MIGRATIONS.map((name) => ({ name })));
    expect(await migrate(backend.databases[0])).toEqual([]);
    expect(await migrate(backend.databases[0])).toEqual([]);
    expect(await applied()).toEqual(before);
  });

  test('a database that a newer version migrated is refused in a clear sentence, and left as it is', async () => {
    const future = '9999_do_what_nobody_knows_yet';
    await backend.rows(`insert into schema_migrations (name, batch, migration_time) values (?, 99, now())`, [
      future,
    ]);
    try {
      expect(await schemaState(backend.knex)).toEqual({
        kind: 'ahead',
        demands: [{ migration: future, needs: future }],
      });
      const refusal = migrate(backend.databases[0]);
      await expect(refusal).rejects.toBeInstanceOf(SchemaMismatch);
      await expect(refusal).rejects.toThrow(
        `The database was migrated by a newer version of Stagedoor, and this one cannot work with it (it has ${future}). ` +
          'Start a version that can, or restore a backup made before the upgrade.',
      );
    } finally {
      await backend.rows('delete from schema_migrations where name = ?', [future]);
    }
    expect(await schemaState(backend.knex)).toEqual({ kind: 'current', newer: [] });
  });
});

describe('on an empty PostgreSQL database', () => {
  const opened: (TestDatabase | Database)[] = [];

  const emptyDatabase = async () => {
    const database = await createTestDatabase();
    const open = () => {
      const pool = openPostgres({ url: database.url, poolSize: 3, statementTimeoutMs: 20_000 });
      opened.unshift(pool);
      return pool;
    };
    opened.push(database);
    return { url: database.url, one: open(), other: open() };
  };
  afterEach(async () => {
    for (const each of opened.splice(0)) await ('drop' in each ? each.drop() : each.close());
  });

  test('of migrators that arrive at once, one migrates and the others find it done', async () => {
    const { one, other } = await emptyDatabase();
    const pools = [one, other, one, other];
    const applied = await Promise.all(pools.map((pool) => migrate(pool)));
    expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([MIGRATIONS, [], [], []]);
    expect(await schemaState(one.knex)).toEqual({ kind: 'current', newer: [] });
  });

  test('a migration that is interrupted keeps what was done, and the next one goes on with the same step', async () => {
    const { one, other } = await emptyDatabase();
    // Somebody is about to make a table of a migration's name, so that it must wait, with those before it done.
    const holder = await other.knex.transaction();
    await holder.raw('create table audit_events ()');
    const interrupted = migrate(one).catch((error: unknown) => error);
    const pid = await untilWaiting(other);
    await other.knex.raw('select pg_terminate_backend(?::int)', [pid]);
    expect(await interrupted).toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringMatching(/^Step 1 of 2 of 0006_create_audit_events: /),
    });
    await holder.rollback();
    const missing = MIGRATIONS.slice(5);
    expect(await schemaState(one.knex)).toEqual({ kind: 'behind', missing });
    expect(await migrate(one)).toEqual(missing);
    expect(await schemaState(other.knex)).toEqual({ kind: 'current', newer: [] });
  });

  test('a step that fails says which and why, and is tried again by the next run', async () => {
    const { one, other } = await emptyDatabase();
    await other.knex.raw('create table signing_keys ()');
    await expect(migrate(one)).rejects.toThrow(
      'Step 1 of 1 of 0005_create_signing_keys: it failed (42P07). What was done before it stays done: ' +
        'mend the cause and run "stagedoor migrate" again, which goes on with this step.',
    );
    await other.knex.raw('drop table signing_keys');
    expect(await migrate(one)).toEqual(MIGRATIONS.slice(4));
  });

  test('a server does not start on it, nor on a newer one, and says what to do', async () => {
    const { url, one } = await emptyDatabase();
    const { config } = loadConfig({
      OAUTH2_DATABASE_URL: url,
      OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
    });
    const start = () => openStorage(config, pino({ level: 'silent' }));
    await expect(start()).rejects.toThrow(
      `The database lacks ${MIGRATIONS.length} migration(s), the first of them 0001_create_clients. Run "stagedoor migrate", then start again.`,
    );
    await migrate(one);
    await one.knex.raw(
      `insert into schema_migrations (name, batch, migration_time) values ('9999_x', 9, now())`,
    );
    await expect(start()).rejects.toThrow('this one cannot work with it (it has 9999_x)');
    await one.knex.raw(`delete from schema_migrations where name = '9999_x'`);
    await (await start()).close();
  });
});

/** The process id of the backend that waits for a lock. */
async function untilWaiting({ knex }: Database): Promise<number> {
  const { rows } = await eventually(
    async () =>
      (await knex.raw(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )) as { rows: { pid: number }[] },
    ({ rows: [waiting] }) => waiting !== undefined,
  );
  return rows[0]!.pid;
}
