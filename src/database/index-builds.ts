import { plain } from './statement-forms.ts';
import type { MigrationSession } from './migration-session.ts';
import type { Run } from './patience.ts';

/**
 * Runs `create index concurrently` or `drop index concurrently`, whatever an interrupted run has left of it: an index that is not
 * valid is dropped and built anew. PostgreSQL knows no such statement for a partitioned table, so there it goes partition by partition.
 */
export async function runConcurrently(session: MigrationSession, sql: string, inAHurry: Run): Promise<void> {
  const [, unique = '', index, table, rest = ''] =
    /^create (unique )?index concurrently (\w+) on (\w+) (.*)$/.exec(plain(sql)) ?? [];
  if (index !== undefined && table !== undefined) {
    const build = { unique, index, table, rest };
    if (await isPartitioned(session, table)) await buildByPartition(session, build, inAHurry);
    else await buildIndex(session, build);
    return;
  }
  const [, dropped] = /^drop index concurrently (\w+)$/.exec(plain(sql)) ?? [];
  if (dropped === undefined) throw new Error(`no statement about an index: ${sql}`);
  await session.rows(`drop index concurrently if exists ${dropped}`);
}

interface Build {
  readonly unique: string;
  readonly index: string;
  readonly table: string;
  /** What follows the table's name. */
  readonly rest: string;
}

async function buildIndex(session: MigrationSession, { unique, index, table, rest }: Build): Promise<void> {
  const state = await stateOf(session, index);
  if (state === 'valid') return;
  if (state === 'invalid') await session.rows(`drop index concurrently ${index}`);
  await session.rows(`create ${unique}index concurrently ${index} on ${table} ${rest}`);
}

/** An index of the partitioned table alone first, which new partitions get by themselves; it is valid when each partition has its own. */
async function buildByPartition(session: MigrationSession, build: Build, inAHurry: Run): Promise<void> {
  const { unique, index, table, rest } = build;
  for (let round = 1; (await stateOf(session, index)) !== 'valid'; round += 1) {
    await inAHurry([`create ${unique}index if not exists ${index} on only ${table} ${rest}`]);
    const partitions = await partitionsWithout(session, build);
    for (const { partition, name } of partitions) {
      try {
        await buildIndex(session, { ...build, index: name, table: partition });
        await inAHurry([`alter index ${index} attach partition ${name}`]);
      } catch (error) {
        if (!isOfTheDay(error) || round === MAX_ROUNDS) throw error;
      }
    }
    // The last one that had none is gone, so there was nobody whose index would have made this one valid.
    if (partitions.length === 0 && (await stateOf(session, index)) === 'invalid')
      await inAHurry([`drop index ${index}`]);
  }
}

/** Partitions come and go by the day, and few of them. */
const MAX_ROUNDS = 10;

/** A sweep has dropped the partition, or detached it: it is not there, or no partition. */
function isOfTheDay(error: unknown): boolean {
  return ['42P01', '42704', '42P17', '55000'].includes(String((error as { code?: unknown }).code));
}

/** The partitions that have no such index yet, and the name that it is to have there. */
async function partitionsWithout(
  session: MigrationSession,
  { index, table }: Build,
): Promise<readonly { partition: string; name: string }[]> {
  return session.rows(`
    select partition.relname as partition,
      left(partition.relname, 22) || '_' || left(md5('${index}'), 8) || '_' || right('${index}', 30) as name
    from pg_inherits of_table join pg_class partition on partition.oid = of_table.inhrelid
    where of_table.inhparent = '${table}'::regclass and not of_table.inhdetachpending
      and not exists (
        select from pg_inherits of_index join pg_index on indexrelid = of_index.inhrelid
        where of_index.inhparent = '${index}'::regclass and indrelid = partition.oid)
    order by partition`);
}

async function isPartitioned(session: MigrationSession, table: string): Promise<boolean> {
  const [row] = await session.rows<{ kind: string }>(
    `select relkind as kind from pg_class where oid = '${table}'::regclass`,
  );
  return row?.kind === 'p';
}

async function stateOf(session: MigrationSession, index: string): Promise<'absent' | 'valid' | 'invalid'> {
  const [row] = await session.rows<{ valid: boolean }>(
    `select indisvalid as valid from pg_index where indexrelid = to_regclass('${index}')`,
  );
  if (!row) return 'absent';
  return row.valid ? 'valid' : 'invalid';
}
