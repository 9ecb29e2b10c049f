import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationSession, Say } from './migration-session.ts';

/**
 * A lock that is waited for is waited for by all who come after, too. So a step has this long to get each of its locks, and this
 * long in all from its beginning: nobody waits longer because of it.
 */
export const LOCK_TIMEOUT_MS = 50;
export const STEP_TIMEOUT_MS = 100;

/** Between two tries requests have the table to themselves for at least so long. */
const SHORTEST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;

/** After so long a person had better look at who holds the lock. */
const PATIENCE_MS = 60_000;

const TRY_AGAIN = {
  '55P03': 'a lock was not to be had in time',
  '57014': 'it took too long',
  '40P01': 'a deadlock',
} as const;

/** A step that did not get its locks, or enough time, however often it was tried. */
export class OutOfPatience extends Error {
  constructor(tries: number, seconds: number, why: string) {
    super(`no success in ${tries} tries within ${seconds} s: ${why}`);
    this.name = 'OutOfPatience';
  }
}

/** What a step that locks tables in the way of requests is run with, in its transaction. */
export const IN_A_HURRY: readonly string[] = [
  `set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`,
  `set local statement_timeout = '${STEP_TIMEOUT_MS}ms'`,
];

/** Runs statements in a transaction; resolves to how many rows the last gave. */
export type Run = (statements: readonly string[]) => Promise<number>;

export interface Patience {
  /** The tables whose locks are needed. */
  readonly tables: readonly string[];
  readonly say: Say;
  readonly patienceMs?: number | undefined;
}

/** Tries again, after pauses that grow, for as long as others hold the locks that are needed. */
export async function patiently<Result>(
  session: MigrationSession,
  { tables, say, patienceMs = PATIENCE_MS }: Patience,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const startedAtMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const what = TRY_AGAIN[(error as { code?: unknown }).code as keyof typeof TRY_AGAIN] as
        string | undefined;
      if (what === undefined) throw error;
      const why = what + (await describeHolder(session, tables));
      const waitedMs = performance.now() - startedAtMs;
      if (waitedMs > patienceMs) throw new OutOfPatience(tries, Math.round(waitedMs / 1000), why);
      if (tries === 1 || tries % 10 === 0) say(`${why}; trying again`);
      await sleep(pauseMs(tries));
    }
  }
}

function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (tries - 1)) * (1 + Math.random() / 2);
}

/** Who is in the way: the oldest transaction on one of the tables. */
async function describeHolder(session: MigrationSession, tables: readonly string[]): Promise<string> {
  if (tables.length === 0) return '';
  const list = tables.map((table) => `to_regclass('${table}')`).join(', ');
  const [row] = await session.rows<Holder>(`
    select pid, relation::regclass::text as table, state, application_name as application,
      extract(epoch from clock_timestamp() - xact_start)::int as seconds
    from pg_locks join pg_stat_activity using (pid)
    where relation in (${list}) and granted and pid <> pg_backend_pid() order by xact_start limit 1`);
  if (!row) return '';
  const { pid, table, state, application, seconds } = row;
  // Of another role's process, one who is no superuser learns little.
  const what = `${application || 'without a name'}, ${state ?? 'unknown'}, for ${seconds ?? '?'} s`;
  return `: database process ${pid} (${what}) uses ${table}`;
}

interface Holder {
  readonly pid: number;
  readonly table: string;
  readonly state: string | null;
  readonly application: string | null;
  readonly seconds: number | null;
}
