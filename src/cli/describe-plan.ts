import type { Plan, PlannedMigration, PlannedStep, TableSize } from '../database/migration-plan.ts';
import { STEP_TIMEOUT_MS } from '../database/patience.ts';

/** What a person is shown who asks what `migrate` would do. */
export function describePlan({ pending, sizes }: Plan): string {
  if (pending.length === 0) return 'The schema is up to date: nothing to do.\n';
  const parts = pending.map((each) => describeMigration(each, sizes));
  const isSafe = pending.every(({ steps, tooOld }) => tooOld.length === 0 && steps.every(isSafeStep));
  const verdict = isSafe
    ? 'All of it is safe while servers run.'
    : 'NOT all of it is safe while servers run: see above.';
  return `${parts.join('\n')}\n${pending.length} migration(s) to apply. ${verdict} Nothing was changed; "stagedoor migrate" applies it.\n`;
}

function describeMigration({ migration, steps, tooOld }: PlannedMigration, sizes: Plan['sizes']): string {
  const lines = steps.flatMap((step, index) => describeStep(step, index + 1, sizes));
  const kind =
    migration.kind === 'contract'
      ? `contract: only code that knows ${migration.needs} works after it`
      : `expand: code of before goes on working${migration.neededToServe === false ? ', and new code does without it' : ''}`;
  const warning =
    tooOld.length === 0 ? [] : [`  REFUSED as long as code runs that does not know it: ${tooOld.join(', ')}`];
  return [`${migration.name} (${kind})`, ...warning, ...lines, ''].join('\n');
}

function describeStep(step: PlannedStep, number: number, sizes: Plan['sizes']): readonly string[] {
  const lines = [`  ${number}. ${step.sql}`];
  if (step.isDone) return [...lines, '     done by a run that was interrupted'];
  for (const lock of describeLocks(step, sizes)) lines.push(`     ${lock}`);
  if (step.why !== undefined) lines.push(`     code of before goes on working: ${step.why}`);
  return lines;
}

function describeLocks({ effect }: PlannedStep, sizes: Plan['sizes']): readonly string[] {
  if (effect.locks.size === 0) return ['locks nothing that was there before: no request waits'];
  const wait = effect.blocksForLong
    ? 'REQUESTS WAIT until it is done, which takes as long as the table is large'
    : effect.work === 'in batches'
      ? `some pages at a time, each for ${STEP_TIMEOUT_MS} ms at most; takes as long as the table is large`
      : effect.isFelt
        ? `requests wait ${STEP_TIMEOUT_MS} ms at most; tried again if others hold the table`
        : effect.work === 'whole table'
          ? 'no request waits; takes as long as the table is large'
          : 'no request waits';
  return [...effect.locks].map(
    ([table, mode]) => `${mode} on ${table}${describeSize(sizes.get(table))}: ${wait}`,
  );
}

function isSafeStep({ isDone, effect }: PlannedStep): boolean {
  return isDone || !effect.blocksForLong;
}

function describeSize(size: TableSize | undefined): string {
  if (!size) return '';
  const megabytes = Math.ceil(size.bytes / 2 ** 20);
  return ` (about ${Math.round(size.rows).toLocaleString('en')} rows, ${megabytes} MB)`;
}
