import type { MigrationSession, Say } from './migration-session.ts';
import { IN_A_HURRY, patiently } from './patience.ts';

/** What says how far the schema is: the server reads it, and only migrations write it. The last one is of older versions. */
const RECORDS = ['schema_migrations', 'schema_changes', 'schema_migrations_lock'];

/**
 * Gives the role that a server runs with what it needs, and no more: to read and write rows, and to make and drop the daily
 * partitions of access_tokens, which takes their owner. Whoever migrates must be a member of that role.
 */
export async function grantToServer(session: MigrationSession, role: string, say: Say): Promise<void> {
  const { schema, records } = await whereWeAre(session);
  const [inSchema, to] = [`schema ${quoted(schema)}`, quoted(role)];
  // Each by itself: a table that a request uses is waited for, others wait behind us, and no lock is kept while the next is waited for.
  const run = (tables: readonly string[], sql: string) =>
    patiently(session, { tables, say }, () => session.transaction([...IN_A_HURRY, sql]));
  await run([], `grant usage, create on ${inSchema} to ${to}`);
  await run([], `grant select, insert, update, delete on all tables in ${inSchema} to ${to}`);
  await run([], `grant usage, select on all sequences in ${inSchema} to ${to}`);
  await run([], `revoke insert, update, delete on ${records.join(', ')} from ${to}`);
  for (const table of await tokenTablesOfOthers(session, role)) {
    await run([table], `alter table ${quoted(table)} owner to ${to}`);
  }
}

async function whereWeAre(
  session: MigrationSession,
): Promise<{ schema: string; records: readonly string[] }> {
  const list = RECORDS.map((name) => `('${name}')`).join(', ');
  const [row] = await session.rows<{ schema: string; records: string[] }>(`
    select current_schema() as schema, array_agg(name) as records
    from (values ${list}) as record(name) where to_regclass(name) is not null`);
  return { schema: row?.schema ?? 'public', records: row?.records ?? [] };
}

/** access_tokens and its partitions, as far as another role owns them; none before there are any. */
async function tokenTablesOfOthers(session: MigrationSession, role: string): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(`
    select relname as name from pg_class
    where relowner <> (select oid from pg_roles where rolname = '${role.replaceAll("'", "''")}')
      and (oid = to_regclass('access_tokens')
        or oid in (select inhrelid from pg_inherits where inhparent = to_regclass('access_tokens')))`);
  return rows.map(({ name }) => name);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
