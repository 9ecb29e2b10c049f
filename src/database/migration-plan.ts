import { replicasWithout } from './contract-guard.ts';
import { sqlOf, type Migration } from './migration.ts';
import { MIGRATIONS } from './migrations.ts';
import { compare, pendingOf, readRecords, SchemaMismatch, type Read, type SchemaRecord } from './schema.ts';
import { effectOf, plain, type Effect } from './statement-forms.ts';

/** How large a table is, by the statistics: nothing is counted. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface PlannedStep {
  readonly sql: string;
  readonly why: string | undefined;
  readonly isDone: boolean;
  readonly effect: Effect;
}

export interface PlannedMigration {
  readonly migration: Migration;
  readonly steps: readonly PlannedStep[];
  /** Replicas that run and would not survive it. */
  readonly tooOld: readonly string[];
}

/** What `migrate` would do now. */
export interface Plan {
  readonly pending: readonly PlannedMigration[];
  /** Of the tables that are touched. */
  readonly sizes: ReadonlyMap<string, TableSize>;
}

/**
 * Looks at what is to be done, and changes nothing. `read`: undefined where there is no database yet. `embedded`: nobody else uses
 * it. Throws SchemaMismatch.
 */
export async function planMigrations(
  read: Read | undefined,
  embedded: boolean,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<Plan> {
  const records = read ? await readRecords(read) : [];
  const state = compare(records, migrations);
  if (state.kind === 'ahead') throw new SchemaMismatch(state);
  const pending: PlannedMigration[] = [];
  for (const migration of pendingOf(records, migrations)) {
    const steps = planSteps(migration, migrations, records);
    const tooOld =
      read && !embedded && migration.kind === 'contract' ? await replicasWithout(read, migration) : [];
    pending.push({ migration, steps, tooOld });
  }
  const tables = new Set(
    pending.flatMap(({ steps }) => steps.flatMap(({ effect }) => [...effect.locks.keys()])),
  );
  return { pending, sizes: read ? await sizesOf(read, [...tables]) : new Map() };
}

function planSteps(
  migration: Migration,
  migrations: readonly Migration[],
  records: readonly SchemaRecord[],
): readonly PlannedStep[] {
  const done = records.find(({ name }) => name === migration.name)?.stepsDone ?? 0;
  return migration.steps.map((step, index) => ({
    sql: plain(sqlOf(step)),
    why: typeof step === 'string' ? undefined : step.why,
    isDone: index < done,
    effect: effectOf(sqlOf(step), migration, migrations),
  }));
}

async function sizesOf(read: Read, tables: readonly string[]): Promise<ReadonlyMap<string, TableSize>> {
  if (tables.length === 0) return new Map();
  const list = tables.map((table) => `('${table}')`).join(', ');
  const rows = await read<{ name: string; rows: number; bytes: number }>(`
    select name, sum(greatest(reltuples, 0))::float8 as rows, sum(pg_total_relation_size(oid))::float8 as bytes
    from (values ${list}) as touched(name)
    join pg_class on oid = to_regclass(name)
      or oid in (select inhrelid from pg_inherits where inhparent = to_regclass(name))
    group by name`);
  return new Map(rows.map(({ name, ...size }) => [name, size]));
}
