import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Queries } from '../../database/database.ts';
import { lazily } from '../../lazily.ts';

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
  readonly #points: Record<keyof Limiters, number>;
  /** By whoever signs in first. */
  readonly #limiters: () => Promise<Limiters>;

  constructor(queries: Queries, limits: LoginLimits) {
    this.#queries = queries;
    this.#points = {
      address: limits.loginAttemptsPerAddress,
      pair: limits.loginAttemptsPerAccount,
      account: limits.loginAttemptsPerAccount * ADDRESSES_AT_ONCE,
    };
    this.#limiters = lazily(() => limitersOn(queries, this.#points, limits.loginLockSeconds));
  }

  /** Counts an attempt; resolves to why it must not be made, or to undefined. */
  async count(username: string, remoteAddress: string | null): Promise<Locked | undefined> {
    const limiters = await this.#limiters();
    const account = accountKey(username);
    const address = networkOf(remoteAddress);
    const counted = [
      [limiters.address, address],
      [limiters.pair, pairKey(account, address)],
      [limiters.account, account],
    ] as const;
    for (const [limiter, key] of counted) {
      try {
        await limiter.consume(key);
      } catch (refusal) {
        if (!isRefusal(refusal)) throw refusal;
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
    const limiters = await this.#limiters();
    const account = accountKey(username);
    const address = networkOf(remoteAddress);
    await limiters.pair.delete(pairKey(account, address));
    await limiters.account.delete(account);
    await limiters.address.reward(address);
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
      this.#points.account,
      nowMs,
      this.#points.pair,
      nowMs,
      usernames.map(accountKey),
    ]);
    return rows.map(({ until }) => (until === null ? null : new Date(Number(until))));
  }
}

type Limiters = Readonly<Record<'address' | 'pair' | 'account', RateLimiterPostgres>>;

async function limitersOn(
  queries: Queries,
  points: Record<keyof Limiters, number>,
  lockSeconds: number,
): Promise<Limiters> {
  const { RateLimiterPostgres } = await import('rate-limiter-flexible');
  const limiter = (keyPrefix: keyof Limiters) =>
    new RateLimiterPostgres({
      keyPrefix,
      points: points[keyPrefix],
      duration: lockSeconds,
      blockDuration: lockSeconds,
      storeClient: { query: (query: PostgresQuery) => runQuery(queries, query) },
      storeType: 'client',
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  return { address: limiter('address'), pair: limiter('pair'), account: limiter('account') };
}

/** The limiter rejects with what is left where there is nothing left; anything else is a fault. */
function isRefusal(rejection: unknown): rejection is RateLimiterRes {
  return !(rejection instanceof Error) && 'msBeforeNext' in (rejection as object);
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
