import pg from 'pg';
import { startPostgres } from '../../scripts/embedded-postgres.mjs';
import { cpuSeconds } from '../children.mjs';

const NAME = 'stagedoor_growth';

/** As a server of some size has it; durability stays as it is by default. */
const SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  shared_buffers: '512MB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
};

/** A PostgreSQL of its own that says what it was asked. */
export class GrowthDatabase {
  #postgres;
  #admin;
  #client;

  static async start() {
    const postgres = await startPostgres({ settings: SETTINGS });
    try {
      const admin = await connect(postgres.url);
      await admin.query(`create database ${NAME}`);
      await admin.query('create extension pg_stat_statements');
      const database = new GrowthDatabase(postgres, admin);
      database.#client = await connect(database.url);
      // What fills need not be on the disk before the next is written; a checkpoint follows.
      await database.#client.query('set synchronous_commit = off');
      return database;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  constructor(postgres, admin) {
    this.#postgres = postgres;
    this.#admin = admin;
  }

  get url() {
    const url = new URL(this.#postgres.url);
    url.pathname = `/${NAME}`;
    return url.href;
  }

  run = (sql) => this.#client.query(sql);

  /** What it did so far for the server: statements that were sent, pages of 8 KiB that they touched, processor time. */
  async work() {
    const { rows } = await this.#admin.query(
      `select coalesce(sum(calls), 0)::float8 as statements,
         coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 as buffers
       from pg_stat_statements
       where toplevel and dbid = (select oid from pg_database where datname = $1)`,
      [NAME],
    );
    return { ...rows[0], cpuSeconds: cpuSeconds(this.#postgres.pid) };
  }

  async stop() {
    for (const client of [this.#client, this.#admin]) await client?.end().catch(() => undefined);
    await this.#postgres.stop();
  }
}

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined); // the server may be stopped before us
  await client.connect();
  return client;
}
