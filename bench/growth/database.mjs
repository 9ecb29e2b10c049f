import { startPostgres } from '../../scripts/embedded-postgres.mjs';
import { connect } from '../database.mjs';

/** As a server with 8 GB of memory has it, a quarter of which PostgreSQL advises to share; durability stays as it is by default. */
const SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  shared_buffers: '2GB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
};

/** A PostgreSQL of its own, with a database for each step, that says what it was asked. */
export class GrowthServer {
  #postgres;
  #admin;
  #fillers = [];

  static async start() {
    const postgres = await startPostgres({ settings: SETTINGS });
    try {
      const admin = await connect(postgres.url);
      await admin.query('create extension pg_stat_statements');
      return new GrowthServer(postgres, admin);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  constructor(postgres, admin) {
    this.#postgres = postgres;
    this.#admin = admin;
  }

  /** A new database: its address, what runs a statement in it without a time limit, and what it did so far. */
  async create(name) {
    await this.#admin.query(`create database ${name}`);
    const url = new URL(this.#postgres.url);
    url.pathname = `/${name}`;
    const filler = await connect(url.href);
    this.#fillers.push(filler);
    // What fills need not be on the disk before the next is written; a checkpoint follows.
    await filler.query('set synchronous_commit = off');
    return { url: url.href, run: (sql) => filler.query(sql), work: () => this.#work(name) };
  }

  async stop() {
    for (const client of [...this.#fillers, this.#admin]) await client.end().catch(() => undefined);
    await this.#postgres.stop();
  }

  /** Statements that a database was sent so far, pages of 8 KiB that they touched, what they logged, and how long they took. */
  async #work(name) {
    const { rows } = await this.#admin.query(
      `select coalesce(sum(calls), 0)::float8 as statements,
         coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 as buffers,
         coalesce(sum(wal_bytes), 0)::float8 / 1000 as "logKb",
         coalesce(sum(total_exec_time), 0)::float8 as "statementMs"
       from pg_stat_statements
       where toplevel and dbid = (select oid from pg_database where datname = $1)`,
      [name],
    );
    return rows[0];
  }
}
