import type { Knex } from 'knex';

/** The tables that the migrations make, except those of the migrations themselves and the daily partitions of access_tokens. */
export const SERVER_TABLES = [
  'access_tokens',
  'audit_events',
  'authorization_codes',
  'client_secrets',
  'clients',
  'consents',
  'grants',
  'login_attempts',
  'replica_minutes',
  'replicas',
  'revocations',
  'sessions',
  'signing_keys',
  'users',
] as const;

/** What only migrations write; a server reads it to know whether the schema is its own. */
export const MIGRATION_TABLES = ['schema_migrations', 'schema_migrations_lock'] as const;

/**
 * Gives the role that a server runs with what it needs, and no more: to read and write rows of our own tables, whatever else lies
 * in the schema, and to make and drop the daily partitions of access_tokens, which takes their owner. Whoever migrates must be a
 * member of that role.
 */
export async function grantToServer(knex: Knex, role: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    const run = (sql: string, ...names: readonly string[]) => transaction.raw(sql, [...names]);
    // A table that a request uses is waited for, and others wait behind us: rather not for long.
    await run(`set local lock_timeout = '5s'`);
    await run('grant usage, create on schema ?? to ??', await currentSchema(transaction), role);
    for (const table of SERVER_TABLES) {
      await run('grant select, insert, update, delete on ?? to ??', table, role);
    }
    for (const table of MIGRATION_TABLES) await run('grant select on ?? to ??', table, role);
    for (const sequence of await sequencesOf(transaction, SERVER_TABLES)) {
      await run('grant usage, select on sequence ?? to ??', sequence, role);
    }
    for (const table of await tokenTablesOfOthers(transaction, role)) {
      await run('alter table ?? owner to ??', table, role);
    }
  });
}

async function currentSchema(knex: Knex): Promise<string> {
  const { rows } = (await knex.raw('select current_schema() as name')) as { rows: { name: string }[] };
  return rows[0]?.name ?? 'public';
}

/** The sequences that fill columns of the tables. */
async function sequencesOf(knex: Knex, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = (await knex.raw(
    `select distinct sequence.relname as name
     from pg_class sequence join pg_depend on objid = sequence.oid and deptype in ('a', 'i')
     where sequence.relkind = 'S' and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
       and refobjid = any(select name::regclass from unnest(?::text[]) as name)`,
    [[...tables]],
  )) as { rows: { name: string }[] };
  return rows.map(({ name }) => name);
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
