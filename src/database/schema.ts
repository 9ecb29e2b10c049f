import type { Knex } from 'knex';
import type { Migration } from './migration.ts';
import { MIGRATIONS } from './migrations.ts';

/** A migration that the database has and this version does not know, and the oldest one that code must know to work with it. */
export interface Demand {
  readonly migration: string;
  readonly needs: string;
}

/**
 * How the database's schema relates to this version of the code. `current`: it can serve; `newer` are migrations of a later
 * version, which it can live with. `behind`: it lacks what this version needs. `ahead`: it lacks what a later version took away.
 */
export type SchemaState =
  | { readonly kind: 'current'; readonly newer: readonly string[] }
  | { readonly kind: 'behind'; readonly missing: readonly string[] }
  | { readonly kind: 'ahead'; readonly demands: readonly Demand[] };

/** The schema is not one that this version can work with. */
export class SchemaMismatch extends Error {
  readonly state: Exclude<SchemaState, { kind: 'current' }>;

  constructor(state: Exclude<SchemaState, { kind: 'current' }>) {
    super(describeSchema(state));
    this.state = state;
    this.name = 'SchemaMismatch';
  }
}

/** What the database says of a migration that was begun. */
export interface SchemaRecord {
  readonly name: string;
  /** Null for those that were applied before this was recorded; all code that asks knows them. */
  readonly kind: Migration['kind'] | null;
  readonly needs: string | null;
  readonly isApplied: boolean;
  readonly stepsDone: number;
}

/** Compares the migrations that were begun or applied with those this version knows. */
export async function schemaState(
  knex: Knex,
  known: readonly Migration[] = MIGRATIONS,
): Promise<SchemaState> {
  return compare(await readRecords(readOf(knex)), known);
}

/** Runs a query and resolves to its rows. */
export type Read = <Row>(sql: string) => Promise<readonly Row[]>;

/** Reads on any connection of the pool. */
export function readOf(knex: Knex): Read {
  return async (sql) => ((await knex.raw(sql)) as { rows: never[] }).rows;
}

/** As schemaState, of what was read already. */
export function compare(records: readonly SchemaRecord[], known: readonly Migration[]): SchemaState {
  const names = new Set(known.map(({ name }) => name));
  const unknown = records.filter(({ name }) => !names.has(name));
  // A contract counts from its first step on, an expand when it is there. One of which nothing is known is not trusted.
  const demands = unknown
    .filter(({ kind, needs }) => kind !== 'expand' && !names.has(needs ?? ''))
    .map(({ name, needs }) => ({ migration: name, needs: needs ?? name }));
  if (demands.length > 0) return { kind: 'ahead', demands };
  const missing = pendingOf(records, known)
    .filter((migration) => migration.kind === 'expand' && migration.neededToServe !== false)
    .map(({ name }) => name);
  if (missing.length > 0) return { kind: 'behind', missing };
  return { kind: 'current', newer: unknown.filter(({ isApplied }) => isApplied).map(({ name }) => name) };
}

/** What `stagedoor migrate` would apply. */
export function pendingOf(
  records: readonly SchemaRecord[],
  known: readonly Migration[],
): readonly Migration[] {
  const applied = new Set(records.filter(({ isApplied }) => isApplied).map(({ name }) => name));
  return known.filter(({ name }) => !applied.has(name));
}

/** All that the database says of migrations, in their order; nothing where nobody has migrated it. */
export async function readRecords(read: Read): Promise<readonly SchemaRecord[]> {
  const [tables] = await read<{ migrations: boolean; changes: boolean }>(
    `select to_regclass('schema_migrations') is not null as migrations,
      to_regclass('schema_changes') is not null as changes`,
  );
  if (!tables?.migrations) return [];
  return read<SchemaRecord>(tables.changes ? READ_BOTH : READ_OLD);
}

const READ_BOTH = `
  select name, kind, needs, id is not null as "isApplied", coalesce(steps_done, 0) as "stepsDone"
  from schema_migrations full join schema_changes using (name) order by name`;
const READ_OLD = `
  select name, null as kind, null as needs, true as "isApplied", 0 as "stepsDone" from schema_migrations order by name`;

/** One sentence for a person who starts the server against the wrong schema. */
function describeSchema(state: Exclude<SchemaState, { kind: 'current' }>): string {
  if (state.kind === 'behind')
    return `${describeMissing(state.missing)}. Run "stagedoor migrate", then start again.`;
  const demands = state.demands.map(({ migration, needs }) =>
    migration === needs ? `it has ${migration}` : `its ${migration} needs code that knows ${needs}`,
  );
  return (
    `The database was migrated by a newer version of Stagedoor, and this one cannot work with it (${demands.join(', ')}). ` +
    'Start a version that can, or restore a backup made before the upgrade.'
  );
}

/** What the database lacks, as the beginning of a sentence. */
export function describeMissing(missing: readonly string[]): string {
  return `The database lacks ${missing.length} migration(s), the first of them ${missing[0]}`;
}
