import type { Knex } from 'knex';
import { LOCKS } from './locks.ts';
import * as createClients from '../../migrations/0001_create_clients.ts';
import * as createUsers from '../../migrations/0002_create_users.ts';
import * as createAuthorizationCodes from '../../migrations/0003_create_authorization_codes.ts';
import * as createTokens from '../../migrations/0004_create_tokens.ts';
import * as createSigningKeys from '../../migrations/0005_create_signing_keys.ts';
import * as createAuditEvents from '../../migrations/0006_create_audit_events.ts';
import * as createLoginAttempts from '../../migrations/0007_create_login_attempts.ts';
import * as addSessionFacts from '../../migrations/0008_add_session_facts.ts';
import * as addAdminDesk from '../../migrations/0009_add_admin_desk.ts';
import * as createReplicas from '../../migrations/0010_create_replicas.ts';
import * as keepWritesSmall from '../../migrations/0011_keep_writes_small.ts';

interface Migration {
  readonly name: string;
  readonly up: (knex: Knex) => Promise<void>;
}

const MIGRATIONS: readonly Migration[] = [
  { name: '0001_create_clients', up: createClients.up },
  { name: '0002_create_users', up: createUsers.up },
  { name: '0003_create_authorization_codes', up: createAuthorizationCodes.up },
  { name: '0004_create_tokens', up: createTokens.up },
  { name: '0005_create_signing_keys', up: createSigningKeys.up },
  { name: '0006_create_audit_events', up: createAuditEvents.up },
  { name: '0007_create_login_attempts', up: createLoginAttempts.up },
  { name: '0008_add_session_facts', up: addSessionFacts.up },
  { name: '0009_add_admin_desk', up: addAdminDesk.up },
  { name: '0010_create_replicas', up: createReplicas.up },
  { name: '0011_keep_writes_small', up: keepWritesSmall.up },
];

/** Named here and not read from a folder, so that what runs is what was compiled. */
class MigrationList implements Knex.MigrationSource<Migration> {
  getMigrations(): Promise<Migration[]> {
    return Promise.resolve([...MIGRATIONS]);
  }

  getMigrationName(migration: Migration): string {
    return migration.name;
  }

  getMigration({ up }: Migration): Promise<Knex.Migration> {
    return Promise.resolve({ up, down: refuseDown });
  }
}

const TABLE = 'schema_migrations';

/** How the database's schema relates to what this version of the code needs. */
export type SchemaState =
  | { readonly kind: 'current' }
  | { readonly kind: 'behind'; readonly missing: readonly string[] }
  | { readonly kind: 'ahead'; readonly unknown: readonly string[] };

/** The schema is not one that this version can work with. */
export class SchemaMismatch extends Error {
  constructor(state: Exclude<SchemaState, { kind: 'current' }>) {
    super(describeSchema(state));
    this.name = 'SchemaMismatch';
  }
}

/** Compares the migrations that were applied with those this version knows. */
export async function schemaState(knex: Knex): Promise<SchemaState> {
  const applied = await appliedMigrations(knex);
  const unknown = applied.filter((name) => !MIGRATIONS.some((migration) => migration.name === name));
  if (unknown.length > 0) return { kind: 'ahead', unknown };
  const missing = MIGRATIONS.map(({ name }) => name).filter((name) => !applied.includes(name));
  return missing.length > 0 ? { kind: 'behind', missing } : { kind: 'current' };
}

/**
 * Applies what is missing and resolves to the names of what was applied. All of it happens in one transaction:
 * two migrators at once take turns, and one that was interrupted has changed nothing. Throws SchemaMismatch if the schema is newer.
 */
export async function migrate(knex: Knex): Promise<readonly string[]> {
  // As at most starts: what is there need neither be locked nor looked at by all of Knex's migrator.
  if ((await schemaState(knex)).kind === 'current') return [];
  return knex.transaction(async (transaction) => {
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCKS.migrate]);
    // A migration may take longer than a request's statement may.
    await transaction.raw('set local statement_timeout = 0');
    const state = await schemaState(transaction);
    if (state.kind === 'ahead') throw new SchemaMismatch(state);
    const [, applied] = (await transaction.migrate.latest({
      migrationSource: new MigrationList(),
      tableName: TABLE,
    })) as [number, string[]];
    return applied;
  });
}

/** One sentence for a person who starts the server against the wrong schema. */
function describeSchema(state: Exclude<SchemaState, { kind: 'current' }>): string {
  return state.kind === 'behind'
    ? `The database lacks ${state.missing.length} migration(s), the first of them ${state.missing[0]}. Run "stagedoor migrate", then start again.`
    : `The database was migrated by a newer version of Stagedoor (it has ${state.unknown.join(', ')}). Start that version, or restore a backup made before the upgrade.`;
}

async function appliedMigrations(knex: Knex): Promise<readonly string[]> {
  const exists = (await knex.raw(`select to_regclass('${TABLE}') is not null as present`)) as {
    rows: { present: boolean }[];
  };
  if (!exists.rows[0]?.present) return [];
  const { rows } = (await knex.raw(`select name from ${TABLE} order by name`)) as {
    rows: { name: string }[];
  };
  return rows.map(({ name }) => name);
}

function refuseDown(): Promise<never> {
  return Promise.reject(new Error('migrations only go forward'));
}
