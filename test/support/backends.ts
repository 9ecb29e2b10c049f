import { afterAll, beforeAll, describe } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { openEmbedded, openPostgres, type Database, type Queries } from '../../src/database/database.ts';
import { FolderInUse, lockFolder } from '../../src/database/folder-lock.ts';
import { migrate } from '../../src/database/migrator.ts';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './postgres.ts';
import { migratedDatabase } from './server.ts';

export type BackendKind = 'PGlite' | 'PostgreSQL';

const BOTH: readonly BackendKind[] = ['PGlite', 'PostgreSQL'];

/** Connections of each pool: enough for rivals to meet inside the database and not in front of it. */
const POOL_SIZE = 10;

/** Far above what any statement here takes, so that a slow machine fails no test. */
const STATEMENT_TIMEOUT_MS = 20_000;

const PGLITE = 'node_modules/@electric-sql/pglite';
const TEMPLATES = 'node_modules/.cache/stagedoor-test';
const RIVAL_PAUSE_MS = 100;

/** The very first PGlite of an installation takes many seconds on a busy machine. */
const OPEN_TIMEOUT_MS = 120_000;

/** Runs a suite on a migrated database of its own on each kind of backend. */
export function onEachBackend(
  define: (backend: Backend) => void,
  kinds: readonly BackendKind[] = BOTH,
): void {
  for (const kind of kinds) {
    describe(`on ${kind}`, () => {
      const backend = new Backend(kind);
      beforeAll(() => backend.open(), OPEN_TIMEOUT_MS);
      afterAll(() => backend.close());
      define(backend);
    });
  }
}

/** As onEachBackend, for what only a server can do. */
export function onPostgres(define: (backend: Backend) => void): void {
  onEachBackend(define, ['PostgreSQL']);
}

/** A database as two replicas see it: through two pools. The embedded database has one connection, which is both. */
export class Backend {
  readonly kind: BackendKind;
  /** The names of the statements that ran, failed ones too. */
  readonly statements: string[] = [];
  #databases: readonly [Database, Database] | undefined;
  #server: TestDatabase | undefined;
  #folder: string | undefined;

  constructor(kind: BackendKind) {
    this.kind = kind;
  }

  get databases(): readonly [Database, Database] {
    if (!this.#databases) throw new Error('the backend is not open');
    return this.#databases;
  }

  /** The first replica's Knex, for what the stores have no words for. */
  get knex(): Knex {
    return this.databases[0].knex;
  }

  /** The address of the PostgreSQL database. */
  get url(): string {
    if (!this.#server) throw new Error('only PostgreSQL has an address');
    return this.#server.url;
  }

  async open(): Promise<void> {
    const observe = (_actor: string, statement: string) => this.statements.push(statement);
    if (this.kind === 'PostgreSQL') {
      this.#server = await migratedDatabase();
      const options = { url: this.url, poolSize: POOL_SIZE, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
      this.#databases = [openPostgres(options, observe), openPostgres(options, observe)];
      return;
    }
    this.#folder = await emptyEmbeddedFolder();
    const database = await openEmbedded(this.#folder, observe);
    await migrate(database);
    this.#databases = [database, database];
  }

  async close(): Promise<void> {
    for (const database of new Set(this.#databases)) await database.close();
    await this.#server?.drop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One store (or whatever else is made of queries) for each replica. */
  each<T>(make: (queries: Queries) => T): readonly [T, T] {
    const [one, other] = this.databases;
    return [make(one.queriesOf('test')), make(other.queriesOf('test'))];
  }

  async rows<Row>(sql: string, bindings: readonly unknown[] = []): Promise<Row[]> {
    const result = (await this.knex.raw(sql, bindings as readonly Knex.RawBinding[])) as { rows: Row[] };
    return result.rows;
  }

  async count(table: string): Promise<number> {
    const [row] = await this.rows<{ count: number }>(`select count(*)::int as count from ${table}`);
    return row!.count;
  }

  /** Waits until so many statements wait for a lock, or, where there is but one connection, for that. */
  async untilWaiting(count: number): Promise<void> {
    const sql = `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    const waiting = async () =>
      this.kind === 'PGlite'
        ? this.databases[0].poolStats().waiting
        : (await this.rows<{ count: number }>(sql))[0]!.count;
    await eventually(waiting, (found) => found >= count);
  }

  async empty(...tables: readonly string[]): Promise<void> {
    await this.knex.raw(`truncate ${tables.join(', ')} cascade`);
  }

  /** Runs `work` and resolves to how often each statement ran meanwhile. */
  async counting(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    const start = this.statements.length;
    await work();
    const counts: Record<string, number> = {};
    for (const name of this.statements.slice(start)) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }
}

/** Starts `count` pieces of work at once, in turn with each of the rivals. */
export function atOnce<Rival, Result>(
  count: number,
  rivals: readonly Rival[],
  work: (rival: Rival, index: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => work(rivals[index % rivals.length]!, index)),
  );
}

/**
 * A temporary data folder with a database that nobody has migrated. PGlite needs seconds to make one, so it is made once for
 * each version of PGlite, kept beside the installed packages, and copied. The caller removes the copy.
 */
export async function emptyEmbeddedFolder(): Promise<string> {
  const { version } = JSON.parse(readFileSync(resolve(PGLITE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const template = resolve(TEMPLATES, `pglite-${version}`);
  while (!existsSync(template)) await makeTemplate(template);
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-test-'));
  cpSync(template, folder, { recursive: true });
  return folder;
}

/** Makes the template, or gives a rival that is at it some time. */
async function makeTemplate(template: string): Promise<void> {
  const draft = `${template}-draft`;
  try {
    const lock = await lockFolder(draft);
    try {
      const database = await openEmbedded(join(draft, 'data'));
      await database.knex.raw('select 1');
      await database.close();
      // It takes the name only when complete.
      renameSync(join(draft, 'data'), template);
    } finally {
      rmSync(draft, { recursive: true, force: true });
      lock.release();
    }
  } catch (error) {
    if (existsSync(template)) return;
    if (!(error instanceof FolderInUse)) throw error;
    await sleep(RIVAL_PAUSE_MS);
  }
}
