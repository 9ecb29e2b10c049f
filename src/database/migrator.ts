import { CodeTooOld, replicasWithout } from './contract-guard.ts';
import type { Migration } from './migration.ts';
import { MIGRATION_TABLES, quoted } from './grants.ts';
import { inSession, type MigrationSession, type MigrationTarget, type Say } from './migration-session.ts';
import { MIGRATIONS } from './migrations.ts';
import { OutOfPatience, patiently } from './patience.ts';
import { runStep, type StepSurroundings } from './run-step.ts';
import { compare, pendingOf, readOf, readRecords, SchemaMismatch, type SchemaRecord } from './schema.ts';
import { UnknownStatement } from './statement-forms.ts';

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  /** Told what is waited for. */
  readonly say?: Say;
  /** Told each migration that was applied, at once. */
  readonly onApplied?: (name: string) => void;
  /** Called before a migration counts as applied, and servers begin to use what it made. */
  readonly beforeApplied?: (session: MigrationSession) => Promise<void>;
  /** The role that servers run with, where it is another. */
  readonly readBy?: string;
  /** See StepSurroundings. */
  readonly patienceMs?: number;
  readonly progressMs?: number;
}

/** A step failed, and what to do about it. What was done before it stays, and the next run goes on with it. */
export class MigrationFailed extends Error {
  constructor(migration: Migration, index: number, error: unknown) {
    const { code } = error as { code?: unknown };
    const reason =
      error instanceof OutOfPatience
        ? error.message
        : typeof code === 'string'
          ? `it failed (${code})`
          : 'the connection to the database was lost';
    super(
      `Step ${index + 1} of ${migration.steps.length} of ${migration.name}: ${reason}. What was done before it stays done: ` +
        'mend the cause and run "stagedoor migrate" again, which goes on with this step.',
      { cause: error },
    );
    this.name = 'MigrationFailed';
  }
}

/**
 * Applies what is missing, step by step, and resolves to the names of what was applied. Two migrators at once take turns; one that
 * was interrupted is continued by the next. Throws SchemaMismatch if the schema is too new, MigrationFailed where a step fails.
 */
export async function migrate(
  target: MigrationTarget,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const { migrations = MIGRATIONS, say = noop } = options;
  // As at most starts: what is there need not be locked.
  const read = readOf(target.knex);
  if (toDo(await readRecords(read), migrations).length === 0) return [];
  return inSession(target, say, async (session) => {
    await prepareRecords(session, say, options.readBy);
    const records = await readRecords(session.rows);
    const pending = toDo(records, migrations);
    for (const migration of pending) {
      const stepsDone = records.find(({ name }) => name === migration.name)?.stepsDone ?? 0;
      await apply(session, migration, stepsDone, { ...options, migrations, say, read });
      options.onApplied?.(migration.name);
    }
    return pending.map(({ name }) => name);
  });
}

function toDo(records: readonly SchemaRecord[], migrations: readonly Migration[]): readonly Migration[] {
  const state = compare(records, migrations);
  if (state.kind === 'ahead') throw new SchemaMismatch(state);
  return pendingOf(records, migrations);
}

async function apply(
  session: MigrationSession,
  migration: Migration,
  stepsDone: number,
  options: MigrateOptions & StepSurroundings,
): Promise<void> {
  const { name, kind, steps } = migration;
  const needs = migration.kind === 'contract' ? `'${migration.needs}'` : 'null';
  // Nobody else uses an embedded database.
  if (migration.kind === 'contract' && stepsDone === 0 && !session.embedded) {
    const replicas = await replicasWithout(session.rows, migration);
    if (replicas.length > 0) throw new CodeTooOld(migration, replicas);
  }
  // Before the first step: what a contract takes away, code of before must not look for.
  await session.transaction([
    `insert into schema_changes (name, kind, needs) values ('${name}', '${kind}', ${needs}) on conflict do nothing`,
  ]);
  for (let index = stepsDone; index < steps.length; index += 1) {
    try {
      await runStep(session, migration, index, options);
    } catch (error) {
      throw isBug(error) ? error : new MigrationFailed(migration, index, error);
    }
  }
  await options.beforeApplied?.(session);
  await session.transaction([
    `insert into schema_migrations (name, batch, migration_time)
      select '${name}', coalesce(max(batch), 0) + 1, now() from schema_migrations`,
  ]);
}

/** The tables that say what was done. The first is as Knex's migrator makes it, which older versions used. */
async function prepareRecords(session: MigrationSession, say: Say, readBy?: string): Promise<void> {
  await patiently(session, { tables: [], say }, () =>
    session.transaction([
      `create table if not exists schema_migrations (
        id serial primary key, name varchar(255), batch integer, migration_time timestamptz)`,
      `create table if not exists schema_changes (
        name text primary key,
        kind text not null,
        needs text,
        steps_done integer not null default 0,
        begun_at timestamptz not null default now())`,
      // At once: a server that waits for the migrations reads them every moment.
      ...(readBy === undefined
        ? []
        : [`grant select on ${MIGRATION_TABLES.join(', ')} to ${quoted(readBy)}`]),
    ]),
  );
}

function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof UnknownStatement;
}

function noop(): void {
  // Nobody listens.
}
