import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sqlOf, type Migration } from '../../src/database/migration.ts';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { effectOf, plain } from '../../src/database/statement-forms.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openPool } from './databases.ts';
import type { Database } from '../../src/database/database.ts';

const STEPS = MIGRATIONS.flatMap((migration, index) =>
  migration.steps.map((step) => ({ migration, step, sql: sqlOf(step), all: MIGRATIONS.slice(0, index + 1) })),
);

describe('every migration', () => {
  test.each(MIGRATIONS.map((migration, index) => ({ ...migration, index })))(
    '$name keeps the rules of its kind',
    (migration) => {
      const { name, kind, steps, index } = migration;
      expect(name).toMatch(/^\d{4}_[a-z_]+$/);
      expect(Number(name.slice(0, 4))).toBe(index + 1);
      for (const step of steps) {
        const effect = effectOf(sqlOf(step), migration, MIGRATIONS.slice(0, index + 1));
        // Nothing that locks a table in the way of requests for as long as it is large.
        expect({ step, blocks: effect.blocksForLong }).toEqual({ step, blocks: false });
        if (kind === 'contract') continue;
        expect({ step, keeps: effect.keepsOldCode }).not.toEqual({ step, keeps: 'never' });
        if (effect.keepsOldCode === 'with reason')
          expect(step).toEqual({ sql: expect.any(String), why: expect.stringMatching(/\w+ \w+/) });
      }
      // A name in an error or a query is written without quotes, and a question mark is Knex's placeholder.
      for (const step of steps) expect(plain(sqlOf(step))).not.toMatch(/[?;]/);
      if (kind === 'contract') {
        const older = MIGRATIONS.slice(0, index).map((each) => each.name);
        expect(older).toContain(migration.needs);
      }
    },
  );

  // They were released: what a database has done of one is counted by its steps.
  test('keeps the number of its steps', () => {
    const counts = Object.fromEntries(MIGRATIONS.map(({ name, steps }) => [name.slice(0, 4), steps.length]));
    expect(counts).toEqual({
      ...{ '0001': 4, '0002': 6, '0003': 2, '0004': 7, '0005': 1, '0006': 2, '0007': 2 },
      ...{ '0008': 8, '0009': 19, '0010': 2, '0011': 8, '0012': 1, '0013': 1 },
    });
  });
});

/** A statement on a table that was there before. */
function effect(sql: string) {
  const migration: Migration = { name: '9999_x', kind: 'expand', steps: [sql] };
  return effectOf(sql, migration, [...MIGRATIONS, migration]);
}

describe('a statement', () => {
  test.each([
    'alter table grants alter column scope type varchar(10)',
    'alter table grants rename column scope to scopes',
    'alter table grants rename to permissions',
    'alter table grants add column x text not null',
    'alter table grants add column x uuid default gen_random_uuid()',
    'alter table grants add column x text unique',
    'alter table grants add column x text references clients',
    'alter table grants add constraint x check (scope is not null)',
    'alter table grants add constraint x unique (scope)',
    'alter table grants add column x text, alter column scope type int',
    'update grants set scope = client_id',
    "update grants set scope = 'a' where id is null or scope is null",
    'delete from grants',
    'truncate grants',
    'vacuum full grants',
    'drop index an_index_that_nobody_made',
    'do $$ begin end $$',
  ])('is refused where it scans, rewrites or breaks, or is not known: %s', (sql) => {
    expect(() => effect(sql)).toThrow('not a statement that a migration may consist of');
  });

  test.each([
    ['alter table grants drop column scope', 'never'],
    ['drop table grants', 'never'],
    ['alter table grants alter column refresh_generation drop default', 'never'],
    ['drop index concurrently grants_by_age', 'with reason'],
    ['alter table grants add column x text, drop column scope', 'never'],
    ['create unique index concurrently x on grants (scope)', 'with reason'],
    ['alter table grants add column x text not null default now()', 'always'],
  ])('is %s: code of before goes on working %s', (sql, keepsOldCode) => {
    expect(effect(sql)).toMatchObject({ keepsOldCode, blocksForLong: false });
  });

  test('that builds an index in the way of writers is told from one that does not', () => {
    expect(effect('create index x on grants (scope)')).toMatchObject({ blocksForLong: true, isFelt: true });
    expect(effect('create index concurrently x on grants (scope)')).toMatchObject({
      blocksForLong: false,
      isFelt: false,
    });
  });
});

describe('PostgreSQL', () => {
  let database: TestDatabase;
  let pool: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = openPool(database.url);
  });
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  /** The strongest lock that the transaction holds on each table that is not younger than it. */
  const HELD = `
    select relname as table, mode from pg_locks
    join pg_class on pg_class.oid = relation and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
    where pid = pg_backend_pid() and granted and mode not in ('AccessShareLock', 'RowShareLock')`;

  test('takes just the locks that the plan says, at each step of each migration', async () => {
    const made = new Set<string>();
    for (const { migration, sql, all } of STEPS) {
      const expected = effectOf(sql, migration, all);
      const own = new Set(
        migration.steps.flatMap((step) => /^create table (\w+)/.exec(plain(sqlOf(step)))?.[1] ?? []),
      );
      await pool.knex.transaction(async (transaction) => {
        // Concurrently it can not be done in a transaction; that lock is weaker, and by PostgreSQL's manual.
        await transaction.raw(sql.replace(' index concurrently ', ' index '));
        if (expected.isConcurrent) return;
        const { rows } = (await transaction.raw(HELD)) as { rows: { table: string; mode: string }[] };
        const found = new Map<string, Set<string>>();
        for (const { table, mode } of rows) {
          const name = mode
            .replace(/Lock$/, '')
            .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
            .toUpperCase();
          if (made.has(table) && !own.has(table)) found.set(table, (found.get(table) ?? new Set()).add(name));
        }
        expect({ sql, tables: [...found.keys()] }).toEqual({ sql, tables: [...expected.locks.keys()] });
        for (const [table, mode] of expected.locks)
          expect({ sql, modes: [...found.get(table)!] }).toEqual({
            sql,
            modes: expect.arrayContaining([mode]),
          });
        const order = [
          'ROW EXCLUSIVE',
          'SHARE UPDATE EXCLUSIVE',
          'SHARE',
          'SHARE ROW EXCLUSIVE',
          'EXCLUSIVE',
          'ACCESS EXCLUSIVE',
        ];
        for (const [table, modes] of found)
          expect(order.indexOf(expected.locks.get(table)!)).toBe(
            Math.max(...[...modes].map((mode) => order.indexOf(mode))),
          );
      });
      for (const table of own) made.add(table);
    }
  });
});
