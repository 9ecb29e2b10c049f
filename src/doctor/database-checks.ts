import type { ClockDifference, ServerFacts } from '../database/facts.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** The oldest major version of PostgreSQL that is tested, and the newest. */
const OLDEST_POSTGRES = 15;
const NEWEST_POSTGRES = 18;

/** Tokens and revocations are told apart by the millisecond; verifiers forgive some seconds of their iat. */
const CLOCK_WARNING_MS = 1000;
const CLOCK_FAILURE_MS = 10_000;

/** How the URL has the driver connect. */
export interface Transport {
  readonly isNear: boolean;
  readonly asksTls: boolean;
  readonly verifies: boolean;
}

/** What the server's own settings, and our rights on it, say. */
export function checkServer(facts: ServerFacts): readonly Finding[] {
  return [
    checkVersion(facts),
    checkRole(facts),
    checkDurability(facts),
    checkEncoding(facts),
    checkLetters(facts),
  ];
}

function checkVersion({ versionNumber, version }: ServerFacts): Finding {
  const check = 'database-version';
  const major = Math.floor(versionNumber / 10_000);
  if (major < OLDEST_POSTGRES)
    return failed(check, `PostgreSQL ${version}`, `Move to PostgreSQL ${OLDEST_POSTGRES} or newer.`);
  if (major > NEWEST_POSTGRES)
    return warning(
      check,
      `PostgreSQL ${version}, newer than ${NEWEST_POSTGRES}, the newest that this version was tested with`,
      'Look for a newer version of Stagedoor.',
    );
  return ok(check, `PostgreSQL ${version}`);
}

function checkRole({ user, isSuperuser, ownedTables }: ServerFacts): Finding {
  const check = 'database-role';
  const advice =
    'Give migrations a role of their own and run "stagedoor migrate --grant-to ROLE" for the server\'s; see docs/deployment.md.';
  if (isSuperuser) return failed(check, `${user} is a superuser`, advice);
  if (ownedTables.length > 0)
    return warning(check, `${user} owns the tables, so that it could change or drop them`, advice);
  return ok(check, `${user} may read and write rows, and cannot change the schema`);
}

function checkDurability(facts: ServerFacts): Finding {
  const check = 'database-durability';
  const off = [
    ...(facts.fsync ? [] : ['fsync']),
    ...(facts.fullPageWrites ? [] : ['full_page_writes']),
    ...(facts.synchronousCommit === 'off' ? ['synchronous_commit'] : []),
  ];
  if (facts.isStandby)
    return failed(
      check,
      'this is a standby, which only reads',
      'Point OAUTH2_DATABASE_URL at the primary server.',
    );
  if (off.length > 0)
    return failed(
      check,
      `${off.join(' and ')} off: a crash of the database undoes revocations and forgets tokens`,
      `Turn ${off.join(' and ')} on.`,
    );
  return ok(check, `fsync on, synchronous_commit ${facts.synchronousCommit}`);
}

function checkEncoding({ encoding }: ServerFacts): Finding {
  const check = 'database-encoding';
  if (encoding === 'UTF8') return ok(check, encoding);
  return failed(
    check,
    `${encoding}, in which most names cannot be stored`,
    "Dump, and restore into a database with encoding 'UTF8'.",
  );
}

function checkLetters({ knowsLetters }: ServerFacts): Finding {
  const check = 'database-locale';
  if (knowsLetters) return ok(check, 'knows the letters of all languages');
  return warning(
    check,
    'the locale is C: search takes no letter beyond ASCII for one',
    'Dump, and restore into a database with a UTF-8 locale, such as C.UTF-8.',
  );
}

/** Whether what travels between here and the database can be read, or answered by another. */
export function checkTls({ isTls }: Pick<ServerFacts, 'isTls'>, transport: Transport): Finding {
  const check = 'database-tls';
  const advice =
    'Add ?sslmode=verify-full to OAUTH2_DATABASE_URL, and &sslrootcert=FILE for a CA of your own.';
  if (!isTls) {
    if (transport.isNear) return ok(check, 'none, and the connection does not leave this machine');
    return failed(check, 'the connection is not encrypted', advice);
  }
  if (!transport.verifies)
    return warning(check, "TLS, but nobody looks at the database's certificate", advice);
  return ok(check, 'TLS, and the certificate is verified');
}

/** Whether this machine and the database agree what time it is, as far as that can be measured. */
export function checkClock({ aheadMs, uncertaintyMs }: ClockDifference): Finding {
  const check = 'clock';
  const apart = Math.max(0, Math.abs(aheadMs) - uncertaintyMs);
  const found = `the database's clock is ${(Math.abs(aheadMs) / 1000).toFixed(3)} s ${aheadMs < 0 ? 'behind' : 'ahead'}, give or take ${(uncertaintyMs / 1000).toFixed(3)} s`;
  if (apart <= CLOCK_WARNING_MS) return ok(check, found);
  const advice =
    'Have NTP set the clock of both machines, and of every replica: tokens are refused early or live too long.';
  return apart <= CLOCK_FAILURE_MS ? warning(check, found, advice) : failed(check, found, advice);
}

export interface Demand {
  /** Of one process. */
  readonly poolSize: number;
  readonly workers: number;
  /** As somebody said; else as many as report. */
  readonly replicas: number | undefined;
  readonly liveProcesses: number;
}

/** Migrations, and whoever looks after the database. */
const SPARE_CONNECTIONS = 3;

/** Whether all replicas may have all the connections that they may ask for, and one more replica during a rollout. */
export function checkCapacity(
  { connectionLimit, connectionLimitName }: Pick<ServerFacts, 'connectionLimit' | 'connectionLimitName'>,
  { poolSize, workers, replicas, liveProcesses }: Demand,
): Finding {
  const check = 'database-connections';
  const processes = replicas === undefined ? Math.max(liveProcesses, workers) : replicas * workers;
  const perProcess = poolSize + 1; // and the one that listens for changes
  const needed = processes * perProcess;
  const found = `${processes} process(es) × ${perProcess} connections = ${needed} of ${connectionLimit} (${connectionLimitName})`;
  const advice =
    'Lower OAUTH2_DATABASE_POOL_SIZE or raise the limit: (pool size + 1) × workers × (replicas + 1) must fit in.';
  if (needed > connectionLimit) return failed(check, found, advice);
  if (needed + workers * perProcess + SPARE_CONNECTIONS > connectionLimit)
    return warning(check, `${found}: no room for one more replica during a rollout`, advice);
  const said = replicas === undefined ? `${found}; --replicas N asks about another number` : found;
  return ok(check, said);
}
