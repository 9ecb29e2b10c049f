import type { Queries } from '../../database/database.ts';
import { parseScope, formatScope, type Scope } from '../../oauth/scope.ts';
import type { SessionHash } from '../../oauth/secret.ts';
import type { Role, Session } from './messages.ts';

/** Deleted by one statement: a client may have many. */
const CONSENTS_PER_STATEMENT = 1000;

const INSERT = {
  name: 'sessions_insert',
  sql: `
    insert into sessions (session_hash, user_id, authenticated_at, expires_at)
    select ?::bytea, id, ?::timestamptz, ?::timestamptz
    from users where id = ?::uuid and disabled_at is null and password_changed_at <= ?::timestamptz
    for share
    returning user_id`,
};

const FIND = {
  name: 'sessions_find',
  sql: `
    select users.id, username, roles, authenticated_at
    from sessions join users on users.id = sessions.user_id
    where session_hash = ? and ended_at is null and expires_at > ?::timestamptz and disabled_at is null`,
};

const END = {
  name: 'sessions_end',
  sql: `
    update sessions set ended_at = ?::timestamptz where session_hash = ? and ended_at is null returning user_id`,
};

const FIND_CONSENT = {
  name: 'consents_find',
  sql: 'select scope from consents where user_id = ?::uuid and client_id = ?',
};

// What was allowed before stays allowed: the union, each token once.
const SAVE_CONSENT = {
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
const WITHDRAW_CONSENT = {
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

const DELETE_CONSENTS = {
  name: 'consents_delete',
  sql: `
    delete from consents where (user_id, client_id) in (
      select user_id, client_id from consents where client_id = ? limit ${String(CONSENTS_PER_STATEMENT)}
    ) returning 1`,
};

const DELETE_EXPIRED = {
  name: 'sessions_delete_expired',
  sql: `
    delete from sessions where session_hash in (
      select session_hash from sessions where expires_at < ?::timestamptz limit ? for update skip locked
    ) returning 1`,
};

/** All SQL on sessions and consents. */
export class SessionStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /**
   * Resolves to false, and begins no session, if the user was disabled or given another password since `authenticatedAt`:
   * that ended all sessions, and one made with the old password must not come after.
   */
  async insert(
    sessionHash: SessionHash,
    session: { userId: string; authenticatedAt: Date; expiresAt: Date },
  ): Promise<boolean> {
    const { userId, authenticatedAt, expiresAt } = session;
    const bindings = [sessionHash, authenticatedAt, expiresAt, userId, authenticatedAt];
    return (await this.#queries.query(INSERT, bindings)).length > 0;
  }

  async find(sessionHash: SessionHash, now: Date): Promise<Session | undefined> {
    const [row] = await this.#queries.query<{
      id: string;
      username: string;
      roles: Role[];
      authenticated_at: Date;
    }>(FIND, [sessionHash, now]);
    return (
      row && {
        userId: row.id,
        username: row.username,
        roles: row.roles,
        authenticatedAt: row.authenticated_at,
      }
    );
  }

  /** Resolves to whose session it was, if it was live. */
  async end(sessionHash: SessionHash, now: Date): Promise<string | undefined> {
    const [row] = await this.#queries.query<{ user_id: string }>(END, [now, sessionHash]);
    return row?.user_id;
  }

  async findConsent(userId: string, clientId: string): Promise<Scope> {
    const [row] = await this.#queries.query<{ scope: string }>(FIND_CONSENT, [userId, clientId]);
    return row ? parseScope(row.scope) : [];
  }

  async saveConsent(userId: string, clientId: string, scope: Scope, now: Date): Promise<void> {
    await this.#queries.query(SAVE_CONSENT, [userId, clientId, formatScope(scope), now]);
  }

  async withdrawConsent(userId: string, clientId: string, scope: Scope, now: Date): Promise<void> {
    await this.#queries.query(WITHDRAW_CONSENT, [now, formatScope(scope), userId, clientId]);
  }

  /** Deletes what anybody allowed a client. */
  async deleteConsentsOf(clientId: string): Promise<void> {
    for (;;) {
      const deleted = await this.#queries.query(DELETE_CONSENTS, [clientId]);
      if (deleted.length < CONSENTS_PER_STATEMENT) return;
    }
  }

  /** Resolves to how many were deleted, at most `limit`. */
  async deleteExpired(before: Date, limit: number): Promise<number> {
    return (await this.#queries.query(DELETE_EXPIRED, [before, limit])).length;
  }
}
