import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Queries } from '../../database/database.ts';

const TABLE = 'login_attempts';

/** From all addresses together an account takes this many times what it takes from one: somebody is guessing in company. */
const ADDRESSES_AT_ONCE = 10;

export interface LoginLimits {
  /** Failed logins to one account from one address. */
  readonly loginAttemptsPerAccount: number;
  /** Failed logins from one address, whatever the account. */
  readonly loginAttemptsPerAddress: number;
  /** How long failures count, and how long a lock lasts. */
  readonly loginLockSeconds: number;
}

/** An attempt that must not be made. */
export interface Locked {
  readonly retryAfterSeconds: number;
  /** True for the attempt that brought the lock about, false for those that ran into it. */
  readonly isNew: boolean;
}

const DELETE_OF_ACCOUNT = {
  name: 'login_attempts_delete_of_account',
  sql: `delete from ${TABLE} where key = ? or (key collate "C" >= ? and key collate "C" < ?)`,
};

// For each account: until when it is locked, from everywhere or from any one address.
const LOCKS = {
  name: 'login_attempts_locks',
  sql: `
    select account, (
      select max(expire) from (
        select expire from ${TABLE} where key = 'account:' || account and points > ?::int and expire > ?::int8
        union all
        select expire from ${TABLE}
        where key collate "C" >= 'pair:' || account || ' ' and key collate "C" < 'pair:' || account || '!'
          and points > ?::int and expire > ?::int8
      ) as locks
    ) as until
    from unnest(?::text[]) with ordinality as input (account, position) order by position`,
};

const DELETE_EXPIRED = {
  name: 'login_attempts_delete_expired',
  sql: `
    delete from ${TABLE} where key in (
      select key from ${TABLE} where expire < ? limit ? for update skip locked
    ) returning 1`,
};

/**
 * Counts attempts to log in, before they are made: many at once are no way around it. An account that nobody has counts like
 * any other, so that a lock tells nobody which accounts there are.
 */
export class LoginAttemptStore {
  readonly #queries: Queries;
  readonly #byAddress: RateLimiterPostgres;
  readonly #byPair: RateLimiterPostgres;
  readonly #byAccount: RateLimiterPostgres;

  constructor(queries: Queries, limits: LoginLimits) {
    this.#queries = queries;
    const limiter = (keyPrefix: string, points: number) =>
      new RateLimiterPostgres({
        keyPrefix,
        points,
        duration: limits.loginLockSeconds,
        blockDuration: limits.loginLockSeconds,
        storeClient: { query: (query: PostgresQuery) => runQuery(queries, query) },
        storeType: 'client',
        tableName: TABLE,
        tableCreated: true,
        clearExpiredByTimeout: false,
      });
    this.#byAddress = limiter('address', limits.loginAttemptsPerAddress);
    this.#byPair = limiter('pair', limits.loginAttemptsPerAccount);
    this.#byAccount = limiter('account', limits.loginAttemptsPerAccount * ADDRESSES_AT_ONCE);
  }

  /** Counts an attempt; resolves to why it must not be made, or to undefined. */
  async count(username: string, remoteAddress: string | null): Promise<Locked | undefined> {
    const account = accountKey(username);
    const address = networkOf(remoteAddress);
    const counted = [
      [this.#byAddress, address],
      [this.#byPair, pairKey(account, address)],
      [this.#byAccount, account],
    ] as const;
    for (const [limiter, key] of counted) {
      try {
        await limiter.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        return {
          retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)),
          isNew: refusal.consumedPoints === limiter.points + 1,
        };
      }
    }
    return undefined;
  }

  /** Takes back what the attempt that was right, and those before it, count against the account. */
  async forgive(username: string, remoteAddress: string | null): Promise<void> {
    const account = accountKey(username);
    const address = networkOf(remoteAddress);
    await this.#byPair.delete(pairKey(account, address));
    await this.#byAccount.delete(account);
    await this.#byAddress.reward(address);
  }

  /** Unlocks an account, from all addresses. */
  async unlock(username: string): Promise<void> {
    const account = accountKey(username);
    const [first, end] = [`pair:${account} `, `pair:${account}!`];
    await this.#queries.query(DELETE_OF_ACCOUNT, [`account:${account}`, first, end]);
  }

  /** For each of the accounts until when attempts are refused, from everywhere or from some address; null: they are not. */
  async locks(usernames: readonly string[], now: Date): Promise<readonly (Date | null)[]> {
    const nowMs = now.getTime();
    const rows = await this.#queries.query<{ until: string | null }>(LOCKS, [
      this.#byAccount.points,
      nowMs,
      this.#byPair.points,
      nowMs,
      usernames.map(accountKey),
    ]);
    return rows.map(({ until }) => (until === null ? null : new Date(Number(until))));
  }
}

/** Deletes counts that expired before the given time; resolves to how many, at most `limit`. */
export async function deleteExpiredAttempts(queries: Queries, before: Date, limit: number): Promise<number> {
  return (await queries.query(DELETE_EXPIRED, [before.getTime(), limit])).length;
}

interface PostgresQuery {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Runs what the limiter asks of a PostgreSQL client, as every other statement is run: counted, traced, its faults sorted. */
async function runQuery(queries: Queries, { name, text, values }: PostgresQuery) {
  const bindings: unknown[] = [];
  const sql = text.replaceAll(/\$(\d)/g, (_, number: string) => {
    bindings.push(values[Number(number) - 1]);
    return '?';
  });
  const statement = (name ?? 'statement').replace(/^.*rlflx-/, '').replaceAll('-', '_');
  const rows = await queries.query<Record<string, unknown>>({ name: `${TABLE}_${statement}`, sql }, bindings);
  return { rows, rowCount: rows.length };
}

/** Names may be of any length, and upper and lower case are one. */
function accountKey(username: string): string {
  return createHash('sha256').update(username.toLowerCase()).digest('base64url');
}

/** An address, or the network that one subscriber has all addresses of (RFC 6177: a /64 at the least). */
function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = address.includes('::') ? 8 - first.length - last.length : 0;
  const all = [...first, ...Array<string>(zeros).fill('0'), ...last];
  return `${all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function pairKey(account: string, address: string): string {
  return `${account} ${address}`;
}
