import pg from 'pg';
import { openPostgres, type Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrator.ts';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { templateDatabase, type TestDatabase } from '../support/postgres.ts';

export const SECRET = 'a-master-secret-for-tests-only-0123456789';

/** A database of its own as it was after the first `count` migrations, with a partition for tokens. */
export function databaseAt(count: number): Promise<TestDatabase> {
  return templateDatabase(`at ${count}`, async (url) => {
    const database = openPool(url);
    await migrate(database, { migrations: MIGRATIONS.slice(0, count) });
    if (count >= 4)
      await database.knex.raw(`
        create table access_tokens_20400101 partition of access_tokens for values from ('2040-01-01') to ('2040-01-02')`);
    await database.close();
  });
}

export function openPool(url: string): Database {
  return openPostgres({ url, poolSize: 3, statementTimeoutMs: 60_000 });
}

/** Runs one query and resolves to its rows. */
export async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** All that makes the schema: columns in their order, indexes, constraints and settings; not the partitions, which come with the days. */
export async function schemaOf(url: string): Promise<readonly string[]> {
  const rows = await ask<{ line: string }>(
    url,
    `
    with tables as (
      select oid, relname, reloptions from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and relname not like 'schema\\_%'
    )
    select format('%s(%s) %s %s %s', relname, rank() over (partition by relname order by attnum), attname,
      format_type(atttypid, atttypmod), concat_ws(' ', pg_get_expr(adbin, adrelid), attnotnull)) as line
    from tables join pg_attribute on attrelid = oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    union all select format('%s valid=%s', pg_get_indexdef(indexrelid), indisvalid)
    from tables join pg_index on indrelid = oid
    union all select format('%s %s valid=%s', conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
    from tables join pg_constraint on conrelid = tables.oid
    union all select format('%s with %s', relname, reloptions) from tables
    order by line`,
  );
  return rows.map(({ line }) => line);
}
