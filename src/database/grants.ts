import type { MigrationSession, Say } from './migration-session.ts';
import { IN_A_HURRY, patiently } from './patience.ts';

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

/** What says how far the schema is: a server reads it, and only migrations write it. */
export const MIGRATION_TABLES = ['schema_migrations', 'schema_changes'] as const;

/** Of older versions. */
const FORMER_MIGRATION_TABLES = ['schema_migrations_lock'] as const;

/**
 * Gives the role that a server runs with what it needs, and no more: to read and write rows of our own tables, as far as there are
 * any yet and whatever else lies in the schema, and to make and drop the daily partitions of access_tokens, which takes their
 * owner. Whoever migrates must be a member of that role.
 */
export async function grantToServer(session: MigrationSession, role: string, say: Say): Promise<void> {
  const to = quoted(role);
  // Each by itself: a table that a request uses is waited for, others wait behind us, and no lock is kept while the next is waited for.
  const run = (tables: readonly string[], sql: string) =>
    patiently(session, { tables, say }, () => session.transaction([...IN_A_HURRY, sql]));
  await run([], `grant usage, create on schema ${quoted(await currentSchema(session))} to ${to}`);
  const ours = await existing(session, SERVER_TABLES);
  for (const table of ours) await run([table], `grant select, insert, update, delete on ${table} to ${to}`);
  for (const sequence of await sequencesOf(session, ours)) {
    await run([], `grant usage, select on sequence ${quoted(sequence)} to ${to}`);
  }
  for (const table of await existing(session, [...MIGRATION_TABLES, ...FORMER_MIGRATION_TABLES])) {
    await run([], `grant select on ${table} to ${to}`);
    await run([], `revoke insert, update, delete on ${table} from ${to}`);
  }
  for (const table of await tokenTablesOfOthers(session, role)) {
    await run([table], `alter table ${quoted(table)} owner to ${to}`);
  }
}

async function currentSchema(session: MigrationSession): Promise<string> {
  const [row] = await session.rows<{ name: string }>('select current_schema() as name');
  return row?.name ?? 'public';
}

async function existing(session: MigrationSession, tables: readonly string[]): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(`
    select name from unnest(${textArray(tables)}) as name where to_regclass(name) is not null`);
  return rows.map(({ name }) => name);
}

/** The sequences that fill columns of the tables. */
async function sequencesOf(session: MigrationSession, tables: readonly string[]): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(`
    select distinct sequence.relname as name
    from pg_class sequence join pg_depend on objid = sequence.oid and deptype in ('a', 'i')
    where sequence.relkind = 'S' and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
      and refobjid = any(select name::regclass from unnest(${textArray(tables)}) as name)`);
  return rows.map(({ name }) => name);
}

/** access_tokens and its partitions, as far as another role owns them; none before there are any. */
async function tokenTablesOfOthers(session: MigrationSession, role: string): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(`
    select relname as name from pg_class
    where relowner <> (select oid from pg_roles where rolname = ${literal(role)})
      and (oid = to_regclass('access_tokens')
        or oid in (select inhrelid from pg_inherits where inhparent = to_regclass('access_tokens')))`);
  return rows.map(({ name }) => name);
}

function textArray(names: readonly string[]): string {
  return `array[${names.map(literal).join(', ')}]::text[]`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** As an identifier in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
