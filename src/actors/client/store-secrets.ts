import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import type { SecretSummary } from './messages.ts';
import { CLIENT_CHANGES, type ClientSecret } from './store.ts';

/** An expired secret is kept for this long, so that an admin sees when it was last used. */
const KEEP_EXPIRED_DAYS = 30;

const COLUMNS = 'id, created_at, expires_at, last_used_at';

const LIST = {
  name: 'client_secrets_list',
  sql: `select ${COLUMNS} from client_secrets where client_id = ? order by created_at desc, id`,
};

// Locked in the order that STAMP_LAST_USED locks in, or the two could deadlock over the same secrets.
const ADD = {
  name: 'client_secrets_add',
  sql: `
    with client as (
      select client_id from clients where client_id = ? for key share
    ), locked as (
      select id from client_secrets where client_id = ? order by id for update
    ), expired as (
      update client_secrets secret set expires_at = least(coalesce(secret.expires_at, 'infinity'), ?::timestamptz)
      from locked where secret.id = locked.id and ?::timestamptz is not null
        and coalesce(secret.expires_at, 'infinity') > ?::timestamptz - interval '${KEEP_EXPIRED_DAYS} days'
    ), old as (
      delete from client_secrets secret using locked
      where secret.id = locked.id and secret.expires_at <= ?::timestamptz - interval '${KEEP_EXPIRED_DAYS} days'
    ), added as (
      insert into client_secrets (id, client_id, secret_hash, created_at, expires_at)
      select ?::uuid, client_id, ?::bytea, ?::timestamptz, ?::timestamptz from client returning client_id
    )
    select pg_notify('${CLIENT_CHANGES}', client_id) from added`,
};

const COUNT_LIVE = {
  name: 'client_secrets_count_live',
  sql: `
    select count(*)::int as count from client_secrets
    where client_id = ? and (expires_at is null or expires_at > ?::timestamptz)`,
};

// Never later than before: a secret that has stopped working stays dead.
const EXPIRE = {
  name: 'client_secrets_expire',
  sql: `
    with changed as (
      update client_secrets set expires_at = least(coalesce(expires_at, 'infinity'), ?::timestamptz)
      where client_id = ? and id = ?::uuid
      returning client_id, ${COLUMNS}
    )
    select ${COLUMNS}, pg_notify('${CLIENT_CHANGES}', client_id) from changed`,
};

/**
 * A secret that was stamped within this time is left alone, however many replicas saw it used. As uses are written down each half
 * minute, it is stamped by every second time: once a minute.
 */
const STAMP_AFTER_SECONDS = 45;

// Locked in one order, so that two replicas with the same secrets in their batches cannot deadlock. Each is looked up by its key,
// and brings its time along: two sets, joined, would be compared each with each.
const STAMP_LAST_USED = {
  name: 'client_secrets_stamp',
  sql: `
    with locked as (
      select secret.id, input.at
      from (select * from unnest(?::uuid[], ?::float8[]) as input (id, at) order by id) as input
      cross join lateral (
        select id from client_secrets
        where id = input.id
          and coalesce(last_used_at, '-infinity') < to_timestamp(input.at) - interval '${STAMP_AFTER_SECONDS} seconds'
        for update
      ) as secret
    )
    update client_secrets secret set last_used_at = to_timestamp(locked.at) from locked where secret.id = locked.id`,
};

interface Row {
  id: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** The SQL on client_secrets by themselves; with their clients they are read and registered by ClientStore. */
export class ClientSecretStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The youngest first. */
  async list(clientId: string): Promise<readonly SecretSummary[]> {
    return (await this.#queries.query<Row>(LIST, [clientId])).map(summaryOf);
  }

  /**
   * Adds a secret, unless so many are live already: they are counted under a lock. If `othersExpireAt` is given, the others stop
   * working then, unless they do before.
   */
  async add(
    clientId: string,
    { id, hash, expiresAt }: ClientSecret,
    now: Date,
    othersExpireAt: Date | null,
    limit: number,
  ): Promise<'added' | 'no such client' | 'too many'> {
    const bindings = [clientId, clientId, othersExpireAt, othersExpireAt, now, now, id, hash, now, expiresAt];
    const result = await this.#queries.exclusively(LOCKS.clientSecrets, 'wait', async (queries) => {
      const [live] = await queries.query<{ count: number }>(COUNT_LIVE, [clientId, now]);
      if ((live?.count ?? 0) >= limit) return 'too many';
      return (await queries.query(ADD, bindings)).length > 0 ? 'added' : 'no such client';
    });
    return result ?? 'no such client';
  }

  /** Has a secret stop working at a time, unless it does before; resolves to undefined if the client has no such secret. */
  async expire(clientId: string, secretId: string, expiresAt: Date): Promise<SecretSummary | undefined> {
    const [row] = await this.#queries.query<Row>(EXPIRE, [expiresAt, clientId, secretId]);
    return row && summaryOf(row);
  }

  /** `uses`: when each secret (by id) was last used. */
  async stampLastUsed(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.#queries.query(STAMP_LAST_USED, [
      [...uses.keys()],
      [...uses.values()].map((at) => at.getTime() / 1000),
    ]);
  }
}

function summaryOf(row: Row): SecretSummary {
  return {
    secretId: row.id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
