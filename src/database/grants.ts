import type { Knex } from 'knex';

/**
 * Gives the role that a server runs with what it needs, and no more: to read and write rows, and to make and drop the daily
 * partitions of access_tokens, which takes their owner. Whoever migrates must be a member of that role.
 */
export async function grantToServer(knex: Knex, role: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    const run = (sql: string, ...names: readonly string[]) => transaction.raw(sql, [...names]);
    // A table that a request uses is waited for, and others wait behind us: rather not for long.
    await run(`set local lock_timeout = '5s'`);
    const schema = await currentSchema(transaction);
    await run('grant usage, create on schema ?? to ??', schema, role);
    await run('grant select, insert, update, delete on all tables in schema ?? to ??', schema, role);
    await run('grant usage, select on all sequences in schema ?? to ??', schema, role);
    await run('revoke insert, update, delete on schema_migrations, schema_migrations_lock from ??', role);
    for (const table of await tokenTablesOfOthers(transaction, role)) {
      await run('alter table ?? owner to ??', table, role);
    }
  });
}

async function currentSchema(knex: Knex): Promise<string> {
  const { rows } = (await knex.raw('select current_schema() as name')) as { rows: { name: string }[] };
  return rows[0]?.name ?? 'public';
}

/** access_tokens and its partitions, as far as another role owns them. */
async function tokenTablesOfOthers(knex: Knex, role: string): Promise<readonly string[]> {
  const { rows } = (await knex.raw(
    `select relname as name from pg_class
     where relowner <> (select oid from pg_roles where rolname = ?)
       and (oid = 'access_tokens'::regclass
         or oid in (select inhrelid from pg_inherits where inhparent = 'access_tokens'::regclass))`,
    [role],
  )) as { rows: { name: string }[] };
  return rows.map(({ name }) => name);
}
