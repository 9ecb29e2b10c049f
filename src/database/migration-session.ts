import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOCKS } from './locks.ts';

/** Where migrations run. The embedded database has one connection and nobody else who uses it. */
export interface MigrationTarget {
  readonly knex: Knex;
  readonly embedded: boolean;
}

/** Told to a person while it goes on: one sentence each. */
export type Say = (sentence: string) => void;

/** A rival is asked again so often; a person who waits hears of it again so often. */
const ASK_AGAIN_MS = 250;
const SAY_AGAIN_MS = 30_000;

/** The one connection on which all of a migration runs. */
export class MigrationSession {
  readonly embedded: boolean;
  readonly #knex: Knex;
  readonly #connection: unknown;

  constructor({ knex, embedded }: MigrationTarget, connection: unknown) {
    this.#knex = knex;
    this.embedded = embedded;
    this.#connection = connection;
  }

  readonly rows = async <Row>(sql: string): Promise<readonly Row[]> => {
    const { rows } = (await this.#run(sql)) as { rows: readonly Row[] };
    return rows;
  };

  /**
   * Runs statements in a transaction, and resolves to the number of rows that the last gave. A server is sent them as one message:
   * whatever becomes of this process meanwhile, a lock is not held for longer than the statements take.
   */
  async transaction(statements: readonly string[]): Promise<number> {
    try {
      if (this.embedded) {
        await this.#run('begin');
        let last: unknown;
        for (const statement of statements) last = await this.#run(statement);
        await this.#run('commit');
        return rowCount(last);
      }
      const results = (await this.#run(['begin', ...statements, 'commit'].join('\n;\n'))) as unknown[];
      return rowCount(results.at(-2));
    } catch (error) {
      // Where the connection itself is gone, so is the transaction.
      await this.#run('rollback').catch(() => undefined);
      throw error;
    }
  }

  async #run(sql: string): Promise<unknown> {
    return this.#knex.raw(sql).connection(this.#connection);
  }
}

/**
 * Runs `work` on a connection of its own while holding the lock that all migrators share. Who comes second asks again and again:
 * waiting in a statement it would hold a snapshot, and an index that is built concurrently waits for every snapshot.
 */
export async function inSession<Result>(
  target: MigrationTarget,
  say: Say,
  work: (session: MigrationSession) => Promise<Result>,
): Promise<Result> {
  const client = target.knex.client as PoolingClient;
  const connection = await client.acquireConnection();
  const session = new MigrationSession(target, connection);
  const settings = target.embedded ? [] : SETTINGS;
  try {
    for (const [name, value] of settings)
      await session.rows(`set ${name} = '${value}'`).catch(ignoreUnsupported);
    await takeTurn(session, say);
    try {
      return await work(session);
    } finally {
      // On a connection that broke, the server has let go of it.
      await session.rows(`select pg_advisory_unlock(${LOCKS.migrate})`).catch(() => []);
    }
  } finally {
    for (const [name] of settings) await session.rows(`reset ${name}`).catch(() => []);
    await client.releaseConnection(connection);
  }
}

/** A step may take longer than a request's statement; one whose migrator is gone is ended, and holds up nobody. */
const SETTINGS = [
  ['statement_timeout', '0'],
  ['lock_timeout', '0'],
  ['client_connection_check_interval', '1s'],
] as const;

/** The last of them is not to be had on every operating system (invalid_parameter_value). */
function ignoreUnsupported(error: unknown): readonly unknown[] {
  if ((error as { code?: unknown }).code !== '22023') throw error;
  return [];
}

interface PoolingClient {
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
}

async function takeTurn(session: MigrationSession, say: Say): Promise<void> {
  let saidAtMs = -Infinity;
  for (;;) {
    const [row] = await session.rows<{ held: boolean }>(
      `select pg_try_advisory_lock(${LOCKS.migrate}) as held`,
    );
    if (row?.held) return;
    if (performance.now() - saidAtMs > SAY_AGAIN_MS) {
      saidAtMs = performance.now();
      say(`another migrator is at work on this database${await holder(session)}; waiting until it is done`);
    }
    await sleep(ASK_AGAIN_MS * (0.5 + Math.random()));
  }
}

async function holder(session: MigrationSession): Promise<string> {
  const [row] = await session.rows<{ pid: number; address: string | null }>(`
    select pid, host(client_addr) as address from pg_locks left join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and classid = 0 and objid = ${LOCKS.migrate} and objsubid = 1
      and pg_locks.database = (select oid from pg_database where datname = current_database())`);
  if (!row) return '';
  return ` (database process ${row.pid}${row.address === null ? '' : `, from ${row.address}`})`;
}

function rowCount(result: unknown): number {
  return (result as { rows?: readonly unknown[] } | undefined)?.rows?.length ?? 0;
}
