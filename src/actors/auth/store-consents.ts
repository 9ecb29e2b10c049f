import type { Queries } from '../../database/database.ts';
import { formatScope, parseScope, type Scope } from '../../oauth/scope.ts';
import type { Consent } from './messages.ts';

/** Deleted by one statement: a client may have many. */
const CONSENTS_PER_STATEMENT = 1000;

const FIND = {
  name: 'consents_find',
  sql: 'select scope from consents where user_id = ?::uuid and client_id = ?',
};

// What was allowed before stays allowed: the union, each token once.
const SAVE = {
  name: 'consents_save',
  sql: `
    insert into consents (user_id, client_id, scope, decided_at) values (?::uuid, ?, ?, ?::timestamptz)
    on conflict (user_id, client_id) do update set
      decided_at = excluded.decided_at,
      scope = (
        select string_agg(distinct token, ' ')
        from unnest(string_to_array(consents.scope, ' ') || string_to_array(excluded.scope, ' ')) as token
      )`,
};

// Whoever refuses now is asked again next time, whatever was allowed before.
const WITHDRAW = {
  name: 'consents_withdraw',
  sql: `
    update consents set
      decided_at = ?::timestamptz,
      scope = coalesce(
        (
          select string_agg(token, ' ') from unnest(string_to_array(scope, ' ')) as token
          where token <> all(string_to_array(?::text, ' '))
        ),
        ''
      )
    where user_id = ?::uuid and client_id = ?`,
};

// One that was withdrawn to the last token is no consent.
const LIST = {
  name: 'consents_list',
  sql: `
    select client_id, scope, decided_at from consents where user_id = ?::uuid and scope <> ''
    order by decided_at desc, client_id limit ?`,
};

const DELETE = {
  name: 'consents_delete',
  sql: 'delete from consents where user_id = ?::uuid and client_id = ?',
};

const DELETE_OF_CLIENT = {
  name: 'consents_delete_of_client',
  sql: `
    delete from consents where (user_id, client_id) in (
      select user_id, client_id from consents where client_id = ? limit ${String(CONSENTS_PER_STATEMENT)}
    ) returning 1`,
};

/** All SQL on consents. */
export class ConsentStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async find(userId: string, clientId: string): Promise<Scope> {
    const [row] = await this.#queries.query<{ scope: string }>(FIND, [userId, clientId]);
    return row ? parseScope(row.scope) : [];
  }

  async save(userId: string, clientId: string, scope: Scope, now: Date): Promise<void> {
    await this.#queries.query(SAVE, [userId, clientId, formatScope(scope), now]);
  }

  async withdraw(userId: string, clientId: string, scope: Scope, now: Date): Promise<void> {
    await this.#queries.query(WITHDRAW, [now, formatScope(scope), userId, clientId]);
  }

  /** Deletes what anybody allowed a client. */
  async deleteOfClient(clientId: string): Promise<void> {
    for (;;) {
      const deleted = await this.#queries.query(DELETE_OF_CLIENT, [clientId]);
      if (deleted.length < CONSENTS_PER_STATEMENT) return;
    }
  }

  /** The latest first. */
  async list(userId: string, limit: number): Promise<readonly Consent[]> {
    const rows = await this.#queries.query<{ client_id: string; scope: string; decided_at: Date }>(LIST, [
      userId,
      limit,
    ]);
    return rows.map((row) => ({
      clientId: row.client_id,
      scope: parseScope(row.scope),
      decidedAt: row.decided_at,
    }));
  }

  async delete(userId: string, clientId: string): Promise<void> {
    await this.#queries.query(DELETE, [userId, clientId]);
  }
}
