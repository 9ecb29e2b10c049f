import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { CodeTooOld } from './database/contract-guard.ts';
import { openEmbedded, openPostgres, type Database, type StatementObserver } from './database/database.ts';
import { lockFolder } from './database/folder-lock.ts';
import { makeFolderSecret, readFolderSecret, refuseLostSecret } from './database/folder-secret.ts';
import { grantToServer } from './database/grants.ts';
import { migrate, MigrationFailed, type MigrateOptions } from './database/migrator.ts';
import { inSession, type MigrationSession } from './database/migration-session.ts';
import { planMigrations, type Plan } from './database/migration-plan.ts';
import { OutOfPatience } from './database/patience.ts';
import { readOf, SchemaMismatch, schemaState } from './database/schema.ts';
import { UnknownStatement } from './database/statement-forms.ts';
import { Sensitive } from './oauth/sensitive.ts';

/** A reason not to start that a person can do something about. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** The open database and the secrets that go with it. */
export interface Storage {
  readonly database: Database;
  readonly secrets: readonly Sensitive[];
  /** False once the embedded database's folder is gone: what is written from then on is lost. */
  isIntact(): boolean;
  close(): Promise<void>;
}

/**
 * Opens the database that the configuration names, with the right schema: the embedded one migrates itself, a server's must
 * have been migrated. `secretIsLost`: a folder without its secret gets another. Throws StartupError, SchemaMismatch, FolderInUse,
 * DamagedSecret or LostSecret.
 */
export function openStorage(
  config: Config,
  logger: Logger,
  observe?: StatementObserver,
  secretIsLost = false,
): Promise<Storage> {
  return config.databaseUrl === undefined
    ? openEmbeddedStorage(config, logger, observe, secretIsLost)
    : openPostgresStorage(config, config.databaseUrl, observe);
}

async function openEmbeddedStorage(
  config: Config,
  logger: Logger,
  observe?: StatementObserver,
  secretIsLost = false,
): Promise<Storage & { readonly applied: readonly string[] }> {
  const lock = await lockFolder(config.dataDir).catch((error: unknown) => {
    throw unusableFolder(config.dataDir, error);
  });
  try {
    const known = config.secrets.length > 0 ? config.secrets : secretsOf(config.dataDir);
    const database = await openEmbedded(config.dataDir, observe);
    const applied = await migrate(database);
    if (applied.length > 0) logger.info({ applied }, 'migrated');
    const secrets = known ?? (await firstSecrets(config.dataDir, database, secretIsLost));
    return {
      applied,
      database,
      secrets,
      isIntact: () => lock.isIntact(),
      close: async () => {
        await database.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw unusableFolder(config.dataDir, error);
  }
}

function secretsOf(folder: string): readonly Sensitive[] | undefined {
  const secret = readFolderSecret(folder);
  return secret === undefined ? undefined : [new Sensitive(secret)];
}

/** Of a folder that is new, or whose secret somebody has given up. */
async function firstSecrets(
  folder: string,
  database: Database,
  secretIsLost: boolean,
): Promise<readonly Sensitive[]> {
  try {
    if (!secretIsLost) await refuseLostSecret(folder, database.knex);
    return [new Sensitive(makeFolderSecret(folder))];
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What the operating system has against the folder (a right, a full disk, a file in its place), in a sentence. */
function unusableFolder(folder: string, error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error;
  return new StartupError(
    `The data folder ${resolve(folder)} cannot be used (${code}). Make it a folder that this user may write to, ` +
      'with room left on its disk, or set OAUTH2_DATA_DIR to another.',
  );
}

async function openPostgresStorage(
  config: Config,
  url: Sensitive,
  observe?: StatementObserver,
): Promise<Storage> {
  const { databasePoolSize: poolSize, statementTimeoutMs, secrets } = config;
  const database = openPostgres({ url: url.reveal(), poolSize, statementTimeoutMs }, observe);
  try {
    const state = await schemaState(database.knex);
    if (state.kind !== 'current') throw new SchemaMismatch(state);
    return { database, secrets, isIntact: () => true, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw explainUnreachable(error);
  }
}

/** Who is told how a migration goes. */
export type MigrationTold = Required<Pick<MigrateOptions, 'say' | 'onApplied'>>;

/**
 * Runs the migrations against the configured database, with all the time they need, and gives the server's role its rights where
 * that is another; resolves to the migrations of newer versions that the database has.
 */
export async function migrateStorage(
  config: Config,
  logger: Logger,
  told: MigrationTold,
  serverRole?: string,
): Promise<readonly string[]> {
  if (config.databaseUrl === undefined) {
    if (serverRole !== undefined) throw new StartupError('The embedded database has no roles to grant to.');
    const storage = await openEmbeddedStorage(config, logger);
    await storage.close();
    storage.applied.forEach(told.onApplied);
    return [];
  }
  return withServer(config, config.databaseUrl, async (database) => {
    await migrateServer(database, told, serverRole);
    const state = await schemaState(database.knex);
    return state.kind === 'current' ? state.newer : [];
  });
}

async function migrateServer(
  database: Database,
  told: MigrationTold,
  serverRole: string | undefined,
): Promise<void> {
  if (serverRole === undefined) {
    await migrate(database, told);
    return;
  }
  const beforeApplied = (session: MigrationSession) =>
    grantToServer(session, serverRole, told.say).catch(refuseGrant);
  const applied = await migrate(database, { ...told, readBy: serverRole, beforeApplied }).catch(
    (error: unknown) => {
      // undefined_object, before any step: there is no such role.
      if ((error as { code?: unknown }).code === '42704') refuseGrant(error);
      throw error;
    },
  );
  if (applied.length === 0) await inSession(database, told.say, beforeApplied);
}

/** What migrateStorage would do; opens what is there and changes nothing. */
export async function planStorage(config: Config): Promise<Plan> {
  if (config.databaseUrl !== undefined)
    return withServer(config, config.databaseUrl, ({ knex }) => planMigrations(readOf(knex), false));
  if (!existsSync(join(config.dataDir, 'postgres'))) return planMigrations(undefined, true);
  const refuse = (error: unknown): never => {
    throw unusableFolder(config.dataDir, error);
  };
  const lock = await lockFolder(config.dataDir).catch(refuse);
  try {
    const database = await openEmbedded(config.dataDir).catch(refuse);
    return await planMigrations(readOf(database.knex), true).finally(() => database.close());
  } finally {
    lock.release();
  }
}

/** Opens a PostgreSQL database for statements that may take long. */
async function withServer<Result>(
  config: Config,
  url: Sensitive,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = openPostgres({
    url: url.reveal(),
    poolSize: 2,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    connectTimeoutMs: config.statementTimeoutMs,
  });
  try {
    return await work(database);
  } catch (error) {
    throw error instanceof StartupError ? error : explainUnreachable(error);
  } finally {
    await database.close();
  }
}

function refuseGrant(error: unknown): never {
  if (error instanceof OutOfPatience)
    throw new StartupError(`The role that --grant-to names got no rights: ${error.message}. Run it again.`);
  const { code } = error as { code?: unknown };
  // undefined_object, insufficient_privilege, invalid_grant_operation
  if (typeof code !== 'string' || !['42704', '42501', '0LP01'].includes(code)) throw error;
  throw new StartupError(
    `The role that --grant-to names got no rights (${code}). It must exist, and the role that ` +
      'migrates must be a member of it and own the database.',
  );
}

/** An index of a large table takes hours at worst. */
const MIGRATION_TIMEOUT_MS = 86_400_000;

const INSUFFICIENT_PRIVILEGE = '42501';

/** Why the database cannot be used: the driver's code says it without repeating the URL, which holds a password. */
export function explainUnreachable(error: unknown): Error {
  const { code } = error as { code?: unknown };
  const known = [SchemaMismatch, MigrationFailed, CodeTooOld, UnknownStatement, TypeError, RangeError];
  if (error instanceof Error && known.some((kind) => error instanceof kind)) return error;
  // A server that stays silent, or that has no TLS where the URL asks for it, is an error without a code.
  if (code === INSUFFICIENT_PRIVILEGE)
    return new StartupError(
      'The role in OAUTH2_DATABASE_URL may not do what it must (42501). A server\'s role gets its rights by "stagedoor migrate --grant-to ROLE", run as the owner.',
    );
  const reason = typeof code === 'string' ? code : 'no answer that the driver understands';
  return new StartupError(
    `The database that OAUTH2_DATABASE_URL names cannot be used (${reason}). Check that it runs, and the URL's host, user, password, database name and sslmode.`,
  );
}
