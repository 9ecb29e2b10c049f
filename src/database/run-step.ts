import { fillBlocks } from './backfill.ts';
import { runConcurrently } from './index-builds.ts';
import { sqlOf, type Migration } from './migration.ts';
import type { MigrationSession, Say } from './migration-session.ts';
import { IN_A_HURRY, patiently, type Run } from './patience.ts';
import { withProgress } from './progress.ts';
import type { Read } from './schema.ts';
import { effectOf } from './statement-forms.ts';

export interface StepSurroundings {
  /** All that there are. */
  readonly migrations: readonly Migration[];
  readonly say: Say;
  /** On another connection than the session's. */
  readonly read: Read;
  /** How long a step is tried that does not get its locks, in milliseconds. */
  readonly patienceMs?: number;
  /** How often it is told what a long step is at, in milliseconds. */
  readonly progressMs?: number;
}

/** Runs one step of a migration in the way that its form demands, and notes that it is done. */
export async function runStep(
  session: MigrationSession,
  migration: Migration,
  index: number,
  { migrations, say: sayAtAll, read, patienceMs, progressMs }: StepSurroundings,
): Promise<void> {
  const sql = sqlOf(migration.steps[index] ?? '');
  const effect = effectOf(sql, migration, migrations);
  const say: Say = (sentence) => {
    sayAtAll(`${migration.name}, step ${index + 1} of ${migration.steps.length}: ${sentence}`);
  };
  const patience = { tables: [...effect.locks.keys()], say, patienceMs };
  const run: Run = (statements) => patiently(session, patience, () => session.transaction(statements));
  const inAHurry: Run = (statements) => run(session.embedded ? statements : [...IN_A_HURRY, ...statements]);
  const done = `update schema_changes set steps_done = ${index + 1} where name = '${migration.name}'`;
  const work = async () => {
    if (effect.isConcurrent && !session.embedded) {
      await patiently(session, patience, () => runConcurrently(session, sql, inAHurry));
      await run([done]);
    } else if (effect.work === 'in batches') {
      await fillBlocks(session, sql, inAHurry);
      await run([done]);
    } else {
      // What is noted is noted first, so that the lock is let go of as soon as it was used.
      await (effect.isFelt ? inAHurry : run)([done, sql.replace(' index concurrently ', ' index ')]);
    }
  };
  await withProgress(session, read, say, work, progressMs);
}
