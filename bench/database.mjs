import pg from 'pg';
import { startPostgres } from '../scripts/embedded-postgres.mjs';
import { cpuSeconds } from './children.mjs';

const NAME = 'stagedoor_bench';
const STORED_TOKENS = 'select count(*) from access_tokens';
const COUNTING = { shared_preload_libraries: 'pg_stat_statements' };

/**
 * What a database did during one round.
 * @typedef {object} DatabaseWork
 * @property {number} statements
 * @property {number | undefined} tokensStored
 * @property {number | undefined} cpuSeconds
 */

/** Starts a PostgreSQL with an empty database for Stagedoor; default durability, so a commit is on the disk. */
export async function startDatabase() {
  const counting = await startPostgres({ settings: COUNTING }).catch(() => undefined);
  const postgres = counting ?? (await startPostgres());
  try {
    return await Database.open(postgres, counting !== undefined);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

class Database {
  #postgres;
  #admin;
  #counts;
  #before;

  static async open(postgres, countsStatements) {
    const admin = await connect(postgres.url);
    await admin.query(`create database ${NAME}`);
    if (countsStatements) await admin.query('create extension pg_stat_statements');
    return new Database(postgres, admin, countsStatements);
  }

  constructor(postgres, admin, countsStatements) {
    this.#postgres = postgres;
    this.#admin = admin;
    this.#counts = countsStatements;
  }

  /** For Stagedoor. */
  get url() {
    const url = new URL(this.#postgres.url);
    url.pathname = `/${NAME}`;
    return url.href;
  }

  /** Its version and what its flushing waits for; a benchmark of a database that loses commits would be none. */
  async durability() {
    const { rows } = await this.#admin.query(
      `select current_setting('server_version') as version, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as synchronous_commit`,
    );
    return rows[0];
  }

  /** @param {string | null} storedTokensQuery counts the stored tokens; null: they are not counted */
  async beginRound(storedTokensQuery = STORED_TOKENS) {
    const tokens = await this.#tokens(storedTokensQuery);
    this.#before = {
      storedTokensQuery,
      tokens,
      statements: await this.#statements(),
      cpu: cpuSeconds(this.#postgres.pid),
    };
  }

  /** @returns {Promise<DatabaseWork>} */
  async endRound() {
    const before = this.#before;
    const cpu = cpuSeconds(this.#postgres.pid);
    // Counted before we ask for the tokens, which is a statement too.
    const statements = (await this.#statements()) - before.statements;
    const tokens = await this.#tokens(before.storedTokensQuery);
    return {
      statements,
      tokensStored: tokens === undefined ? undefined : tokens - before.tokens,
      cpuSeconds: cpu === undefined ? undefined : cpu - before.cpu,
    };
  }

  async stop() {
    await this.#admin.end().catch(() => undefined);
    await this.#postgres.stop();
  }

  /** Statements so far; without pg_stat_statements, transactions, which is the same where each is one statement. */
  async #statements() {
    if (!this.#counts) await new Promise((resolve) => setTimeout(resolve, 1500)); // its processes report once a second
    const { rows } = await this.#admin.query(
      this.#counts
        ? 'select coalesce(sum(calls), 0)::int8 as count from pg_stat_statements where dbid = (select oid from pg_database where datname = $1)'
        : 'select xact_commit as count from pg_stat_database where datname = $1',
      [NAME],
    );
    return Number(rows[0].count);
  }

  async #tokens(query) {
    if (query === null) return undefined;
    const client = await connect(this.url);
    try {
      const { rows } = await client.query(query);
      return Number(rows[0].count);
    } finally {
      await client.end();
    }
  }
}

/** A connection to a database, which may be stopped before it is ended. */
export async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined); // the server may be stopped before us
  await client.connect();
  return client;
}
