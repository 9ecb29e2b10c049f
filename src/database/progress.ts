import type { MigrationSession, Say } from './migration-session.ts';
import type { Read } from './schema.ts';

/** A step that takes longer is told of, and again so often. */
const TELL_EVERY_MS = 30_000;

/** Runs `work`, and says from time to time what the session is at, as another connection sees it. */
export async function withProgress<Result>(
  session: MigrationSession,
  read: Read,
  say: Say,
  work: () => Promise<Result>,
  everyMs = TELL_EVERY_MS,
): Promise<Result> {
  // There is nobody else who could look.
  if (session.embedded) return work();
  const [own] = await session.rows<{ pid: number }>('select pg_backend_pid() as pid');
  const timer = setInterval(() => {
    // What cannot be told is left out: the step itself says what is wrong.
    void describe(read, own?.pid ?? 0).then(say, () => undefined);
  }, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

interface Progress {
  readonly phase: string | null;
  readonly done: string | null;
  readonly total: string | null;
  readonly blocker: number | null;
  readonly seconds: number | null;
  readonly state: string | null;
}

async function describe(read: Read, pid: number): Promise<string> {
  const [row] = await read<Progress>(`
    select phase, blocks_done as done, nullif(blocks_total, 0) as total, blocker.pid as blocker, blocker.state as state,
      extract(epoch from clock_timestamp() - blocker.xact_start)::int as seconds
    from (select ${pid} as pid) as own
    left join pg_stat_progress_create_index using (pid)
    left join pg_stat_activity blocker on blocker.pid = any(pg_blocking_pids(own.pid))
    order by blocker.xact_start limit 1`);
  if (!row) return 'still at work';
  const phase = row.phase === null ? '' : `: ${row.phase}`;
  const share = row.total === null ? '' : `, ${row.done ?? '0'} of ${row.total} blocks`;
  const blocker =
    row.blocker === null
      ? ''
      : `; it waits for database process ${row.blocker} (${row.state ?? 'unknown'}, for ${row.seconds ?? '?'} s)`;
  return `still at work${phase}${share}${blocker}`;
}
