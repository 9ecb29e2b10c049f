import type { Knex } from 'knex';
import pg from 'pg';
import { openPostgres, type Database } from './database.ts';
import { SERVER_TABLES } from './grants.ts';

/** What a PostgreSQL server, and the connection to it, tell of themselves. */
export interface ServerFacts {
  /** As 180004. */
  readonly versionNumber: number;
  readonly version: string;
  readonly user: string;
  readonly isSuperuser: boolean;
  /** Those of our tables that the user may alter, except the ones of which it must be the owner. */
  readonly ownedTables: readonly string[];
  readonly isTls: boolean;
  readonly encoding: string;
  /** Whether it knows that letters beyond ASCII are letters. */
  readonly knowsLetters: boolean;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousCommit: string;
  readonly isStandby: boolean;
  /** The connections that this user may have to this database, all replicas together. */
  readonly connectionLimit: number;
  /** What those who read `connectionLimit` want to know: which setting it is. */
  readonly connectionLimitName: string;
}

/** How far the server's clock is ahead of ours, give or take `uncertaintyMs`. */
export interface ClockDifference {
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

const CLOCK_SAMPLES = 5;

/** Opens a single connection that cannot write, whatever is asked of it; connects at once. */
export async function openReadOnly(url: string, timeoutMs: number): Promise<Database> {
  const database = openPostgres({ url, poolSize: 1, statementTimeoutMs: timeoutMs });
  try {
    await database.knex.raw('set default_transaction_read_only = on');
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * What the URL means to the driver: whether the server is on this machine, and whether its certificate is looked at. Throws where
 * a file that the URL names cannot be read.
 */
export function transportOf(url: string): { isNear: boolean; asksTls: boolean; verifies: boolean } {
  const client = new pg.Client({ connectionString: url });
  const { host } = client;
  const ssl = (client as unknown as { ssl?: boolean | { rejectUnauthorized?: boolean } }).ssl;
  const asksTls = ssl !== undefined && ssl !== false;
  return {
    isNear: host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host),
    asksTls,
    verifies: asksTls && (typeof ssl === 'boolean' || ssl.rejectUnauthorized !== false),
  };
}

/** Asks the server about itself. */
export async function serverFacts(knex: Knex): Promise<ServerFacts> {
  const { rows } = (await knex.raw(FACTS, [SERVER_TABLES.filter((name) => name !== 'access_tokens')])) as {
    rows: [FactsRow];
  };
  const [row] = rows;
  const limits: readonly (readonly [string, number])[] = [
    ['max_connections less what is reserved', row.max_connections - row.reserved],
    ["the role's connection limit", row.role_limit],
    ["the database's connection limit", row.database_limit],
  ];
  const [connectionLimitName, connectionLimit] = limits
    .filter(([, limit]) => limit >= 0)
    .reduce((least, next) => (next[1] < least[1] ? next : least));
  return {
    versionNumber: row.version_number,
    version: row.version,
    user: row.user,
    isSuperuser: row.is_superuser,
    ownedTables: row.owned_tables,
    isTls: row.is_tls,
    encoding: row.encoding,
    knowsLetters: row.knows_letters,
    fsync: row.fsync === 'on',
    fullPageWrites: row.full_page_writes === 'on',
    synchronousCommit: row.synchronous_commit,
    isStandby: row.is_standby,
    connectionLimit,
    connectionLimitName,
  };
}

/** Compares the clocks: of several answers the one that took the least time says it best. */
export async function clockDifference(knex: Knex, nowMs: () => number): Promise<ClockDifference> {
  let best: ClockDifference = { aheadMs: 0, uncertaintyMs: Infinity };
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
    const before = nowMs();
    const { rows } = (await knex.raw(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
    )) as { rows: [{ now: number }] };
    const after = nowMs();
    const uncertaintyMs = (after - before) / 2;
    if (uncertaintyMs < best.uncertaintyMs)
      best = { aheadMs: rows[0].now - (before + after) / 2, uncertaintyMs };
  }
  return best;
}

/** The names of the partitions of access_tokens. */
export async function tokenPartitions(knex: Knex): Promise<readonly string[]> {
  const { rows } = (await knex.raw(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'access_tokens'::regclass order by 1`,
  )) as { rows: { name: string }[] };
  return rows.map(({ name }) => name);
}

interface FactsRow {
  version_number: number;
  version: string;
  user: string;
  is_superuser: boolean;
  owned_tables: string[];
  is_tls: boolean;
  encoding: string;
  knows_letters: boolean;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  is_standby: boolean;
  max_connections: number;
  reserved: number;
  role_limit: number;
  database_limit: number;
}

// reserved_connections is there from PostgreSQL 16 on.
const FACTS = `
  select current_setting('server_version_num')::int as version_number,
    current_setting('server_version') as version,
    current_user::text as user,
    rolsuper as is_superuser,
    array(
      select relname::text from pg_class
      where oid in (select to_regclass(name) from unnest(?::text[]) as name)
        and pg_has_role(current_user, relowner, 'usage')
      order by relname
    ) as owned_tables,
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as is_tls,
    current_setting('server_encoding') as encoding,
    lower(chr(196)) = chr(228) as knows_letters,
    current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes,
    current_setting('synchronous_commit') as synchronous_commit,
    pg_is_in_recovery() as is_standby,
    current_setting('max_connections')::int as max_connections,
    current_setting('superuser_reserved_connections')::int
      + coalesce(current_setting('reserved_connections', true), '0')::int as reserved,
    rolconnlimit as role_limit,
    datconnlimit as database_limit
  from pg_roles, pg_database where rolname = current_user and datname = current_database()`;
