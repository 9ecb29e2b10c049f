import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as pgliteModule from '@electric-sql/pglite';
import type { Knex } from 'knex';
import knexFactory from 'knex';
import type pg from 'pg';
import { endStatementSpan, startStatementSpan } from '../tracing/statement-span.ts';
import { arrayLiteral } from './array-literal.ts';
import { openDurably } from './durable-folder.ts';
import { classifyFault, faultCode, isClassified, isOurs } from './faults.ts';
import { PostgresClient } from './postgres-client.ts';

/** One SQL statement with a name of its own, for metrics, spans and prepared statements. Placeholders are `?`. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
  /** Its text is another each time under the same name, so it cannot be prepared. */
  readonly oneOff?: true;
}

/** The connections of the pool, and the statements that wait for one. */
export interface PoolStats {
  readonly used: number;
  readonly free: number;
  readonly waiting: number;
  readonly limit: number;
}

/** Told about each statement that ran. `actor` is whose store sent it; duration in milliseconds. */
export type StatementObserver = (
  actor: string,
  statement: string,
  durationMs: number,
  failed: boolean,
) => void;

/** What a store sees of the database. */
export interface Queries {
  /**
   * Runs one statement and resolves to its rows. Rejects with TemporarilyUnavailable when the storage is at fault,
   * UniqueViolation, or StatementFailed.
   */
  query<Row>(statement: Statement, bindings?: readonly unknown[]): Promise<Row[]>;

  /**
   * Runs `work` in a transaction. Each statement sees what was committed before it began: after one that waited for a row,
   * the next sees what it waited for, which the one that waited does not, except in that row.
   */
  transaction<T>(work: (queries: Pick<Queries, 'query'>) => Promise<T>): Promise<T>;

  /**
   * Runs `work` in a transaction while holding a lock that all replicas share, so that only one of them does it.
   * `wait`: queue for the lock; otherwise resolves to undefined at once if another holds it.
   */
  exclusively<T>(
    lock: number,
    mode: 'wait' | 'skip',
    work: (queries: Pick<Queries, 'query'>) => Promise<T>,
  ): Promise<T | undefined>;
}

export interface Database {
  readonly knex: Knex;
  readonly embedded: boolean;
  poolStats(): PoolStats;
  /** When a statement last came back without a fault, in milliseconds on the monotonic clock. */
  lastAnsweredAtMs(): number;
  /** The database as one actor's store uses it. */
  queriesOf(actor: string): Queries;
  close(): Promise<void>;
}

export interface PostgresOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  /** Longest wait for a connection; default: as for a statement. */
  readonly connectTimeoutMs?: number;
}

/** Knex would print whole statements with their values; what matters reaches the log as a classified fault. */
const SILENT = { warn: noop, error: noop, deprecate: noop, debug: noop };

/**
 * Every statement here reads a few rows by an index, however many there are. A plan that was prepared while a table was small,
 * as each day's partition once is, would read all of it, and would go on to do so until the statistics are gathered anew. What
 * has no index to go by is still read whole. Compiling such a plan never pays, and neither does making it anew for each execution,
 * which costs more than the execution.
 */
const PLANNER = [
  'set enable_seqscan = off',
  'set enable_hashjoin = off',
  'set enable_mergejoin = off',
  'set jit = off',
  'set plan_cache_mode = force_generic_plan',
].join(';');

/** Opens a pool of connections to a PostgreSQL server; connects when first used. */
export function openPostgres(options: PostgresOptions, observe: StatementObserver = noop): Database {
  const { connectTimeoutMs = options.statementTimeoutMs } = options;
  const knex = knexFactory({
    client: PostgresClient,
    connection: {
      connectionString: options.url,
      application_name: 'stagedoor',
      statement_timeout: options.statementTimeoutMs,
      // A server that vanished sends no reset: without this a query waits for the kernel to give up.
      query_timeout: options.statementTimeoutMs + 500,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: options.poolSize, afterCreate: setPlanner },
    acquireConnectionTimeout: connectTimeoutMs,
    log: SILENT,
  });
  return wrap(knex, { embedded: false, encode: encodeArrays }, observe, async () => {
    await knex.destroy();
  });
}

/**
 * PostgreSQL's own default of 128 MB is written to at the start, and so is memory of this process; what an embedded database
 * is used for fits into less, and the operating system keeps the rest of its files at hand.
 */
const EMBEDDED_SETTINGS = ['-c', 'shared_buffers=16MB'];

/** Opens the embedded database (PostgreSQL in WebAssembly) in a folder; made if absent. One process at a time. */
export async function openEmbedded(dataDir: string, observe: StatementObserver = noop): Promise<Database> {
  const { default: ClientPGlite } = await import('knex-pglite');
  // The build that knex-pglite has loaded by now; import would load the other one beside it.
  const { PGlite } = createRequire(import.meta.url)('@electric-sql/pglite') as typeof pgliteModule;
  const folder = join(dataDir, 'postgres');
  // PGlite makes files that everybody may write to; a folder around them that was there before may be open to all.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pglite = await openDurably(PGlite, folder, EMBEDDED_SETTINGS);
  await pglite.exec(PLANNER);
  const knex = knexFactory({
    client: ClientPGlite,
    connection: () => ({ pglite }) as unknown as Knex.StaticConnectionConfig,
    log: SILENT,
  });
  return wrap(knex, { embedded: true, encode: asIs }, observe, async () => {
    await knex.destroy();
    if (!pglite.closed) await pglite.close();
  });
}

function setPlanner(connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void): void {
  connection.query(PLANNER, (error: Error | null) => {
    // Knex's pool forgets a connection that was refused here, and leaves it open.
    if (error) destroy(connection);
    done(error, connection);
  });
}

/** Without a farewell, which a server that does not answer would not hear either. */
function destroy(connection: pg.Client): void {
  (connection as pg.Client & { readonly connection: pg.Connection }).connection.stream.destroy();
}

/** What the bindings of a statement become before the driver sees them. */
type Encode = (bindings: readonly unknown[]) => readonly unknown[];

const asIs: Encode = (bindings) => bindings;
const encodeArrays: Encode = (bindings) =>
  bindings.map((value) => (Array.isArray(value) ? (arrayLiteral(value) ?? value) : value));

function wrap(
  knex: Knex,
  { embedded, encode }: { readonly embedded: boolean; readonly encode: Encode },
  observe: StatementObserver,
  close: () => Promise<void>,
): Database {
  const pool = (knex.client as { pool: TarnPool }).pool;
  let answeredAtMs = -Infinity;
  const observeAnswers: StatementObserver = (actor, statement, durationMs, failed) => {
    if (!failed) answeredAtMs = performance.now();
    observe(actor, statement, durationMs, failed);
  };
  return {
    knex,
    embedded,
    close,
    queriesOf: (actor) => queriesOn(knex, encode, actor, observeAnswers),
    lastAnsweredAtMs: () => answeredAtMs,
    poolStats: () => ({
      used: pool.numUsed(),
      free: pool.numFree(),
      waiting: pool.numPendingAcquires(),
      limit: pool.max,
    }),
  };
}

/** Knex's pool, as far as its figures go. */
interface TarnPool {
  readonly max: number;
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** What `transaction` promises, whatever the server's default is. */
const TRANSACTION = { isolationLevel: 'read committed' } as const;

function queriesOn(knex: Knex, encode: Encode, actor: string, observe: StatementObserver): Queries {
  const transaction: Queries['transaction'] = async (work) => {
    try {
      return await knex.transaction((held) => work(queriesOn(held, encode, actor, observe)), TRANSACTION);
    } catch (error) {
      throw isClassified(error) ? error : classifyFault('transaction', error);
    }
  };
  return {
    query: async <Row>(
      { name, sql, oneOff }: Statement,
      bindings: readonly unknown[] = [],
    ): Promise<Row[]> => {
      const startedAtMs = performance.now();
      const span = startStatementSpan(actor, name);
      let fault: Error | undefined;
      try {
        // The name makes it a prepared statement: parsed once per connection.
        const raw = knex.raw(sql, encode(bindings) as readonly Knex.RawBinding[]);
        const result = (await (oneOff ? raw : raw.options({ name }))) as { rows: Row[] };
        return result.rows;
      } catch (error) {
        fault = classifyFault(name, error);
        throw fault;
      } finally {
        observe(actor, name, performance.now() - startedAtMs, fault !== undefined && isOurs(fault));
        endStatementSpan(span, fault && faultCode(fault));
      }
    },
    transaction,
    exclusively: (lock, mode, work) =>
      transaction(async (queries) => {
        const [row] = await queries.query<{ held: boolean }>(mode === 'wait' ? WAIT_FOR_LOCK : TRY_LOCK, [
          lock,
        ]);
        return row?.held ? await work(queries) : undefined;
      }),
  };
}

const TRY_LOCK: Statement = { name: 'try_lock', sql: 'select pg_try_advisory_xact_lock(?) as held' };
const WAIT_FOR_LOCK: Statement = {
  name: 'wait_for_lock',
  sql: 'select true as held from (select pg_advisory_xact_lock(?)) as lock',
};

function noop(): void {
  // Nothing to do.
}
