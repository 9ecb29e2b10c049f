import type { Queries } from '../../database/database.ts';
import type { SessionHash } from '../../oauth/secret.ts';
import type { Role, Session, SessionSummary } from './messages.ts';

/** A session about to begin. */
export interface NewSession {
  readonly userId: string;
  /** Of the password that was right, as read with its hash. */
  readonly passwordVersion: string;
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
  readonly remoteAddress: string | null;
  readonly userAgent: string | null;
}

/** Which password a user has: another with each, and the same for a hash of another cost. To the microsecond, as it is stored. */
export const PASSWORD_VERSION = 'extract(epoch from password_changed_at)::text';

/** A session and when the database knows it was last seen, which may be some time behind. */
export interface FoundSession {
  readonly session: Session;
  readonly lastSeenAt: Date;
}

// The lock is what all that ends the sessions of a person waits for, and waits for that: whichever comes second sees the other.
// By its version and not by the clock: a password may be looked up after the time of a change that is not committed yet.
const INSERT = {
  name: 'sessions_insert',
  sql: `
    insert into sessions (session_hash, user_id, authenticated_at, expires_at, last_seen_at, remote_address, user_agent)
    select ?::bytea, id, ?::timestamptz, ?::timestamptz, ?::timestamptz, ?, ?
    from users
    where id = ?::uuid and disabled_at is null and password_changed_at <= ?::timestamptz and ${PASSWORD_VERSION} = ?::text
    for share
    returning user_id`,
};

// A password that changes ends the sessions begun before it; should one be missed, it is dead all the same. What is looked up
// goes by that key alone (offset 0 keeps it so), and not by when it expires, whatever the tables held when the plan was made.
const live = (key: string) => `
  from (select * from sessions where ${key} offset 0) as sessions
  cross join lateral (select * from users where id = sessions.user_id offset 0) as users
  where ended_at is null and expires_at > ?::timestamptz and last_seen_at > ?::timestamptz and disabled_at is null
    and authenticated_at >= password_changed_at`;

const FIND = {
  name: 'sessions_find',
  sql: `
    select sessions.id as session_id, users.id, username, roles, authenticated_at, last_seen_at
    ${live('session_hash = ?')}`,
};

const LIST = {
  name: 'sessions_list',
  sql: `
    select sessions.id, authenticated_at, last_seen_at, expires_at, remote_address, user_agent
    ${live('user_id = ?::uuid')}
    order by authenticated_at desc, sessions.id limit ?`,
};

// A row that another statement holds is being ended, or stamped by another replica, and has no need of this stamp. It waits
// for nobody, so it cannot be part of a deadlock, in whatever order the others lock. Each is looked up by its key, and brings its
// time along: two sets, joined, would be compared each with each.
const STAMP = {
  name: 'sessions_stamp',
  sql: `
    with locked as (
      select session.id, input.at
      from unnest(?::uuid[], ?::float8[]) as input (id, at)
      cross join lateral (
        select id from sessions where id = input.id for update skip locked
      ) as session
    )
    update sessions set last_seen_at = greatest(last_seen_at, to_timestamp(locked.at))
    from locked where sessions.id = locked.id`,
};

const END = {
  name: 'sessions_end',
  sql: `
    update sessions set ended_at = ?::timestamptz where session_hash = ? and ended_at is null returning user_id`,
};

const END_BY_ID = {
  name: 'sessions_end_by_id',
  sql: `
    update sessions set ended_at = ?::timestamptz
    where id = ?::uuid and user_id = ?::uuid and ended_at is null returning 1`,
};

const LOCK_OWNER = {
  name: 'sessions_lock_owner',
  sql: 'select from users where id = ?::uuid for no key update',
};

// Those that nobody has seen for long are ended too, as a stamp of one may still be on its way, and those that have expired, as
// another replica's clock may be behind.
const END_OTHERS = {
  name: 'sessions_end_others',
  sql: `
    update sessions set ended_at = ?::timestamptz
    where user_id = ?::uuid and id is distinct from ?::uuid and ended_at is null
    returning expires_at > ?::timestamptz as was_live`,
};

const DELETE_EXPIRED = {
  name: 'sessions_delete_expired',
  sql: `
    delete from sessions where session_hash in (
      select session_hash from sessions where expires_at < ?::timestamptz limit ? for update skip locked
    ) returning 1`,
};

/** All SQL on sessions. */
export class SessionStore {
  readonly #queries: Queries;
  readonly #idleMs: number;

  /** `idleSeconds`: a session that was not seen for so long is not live. */
  constructor(queries: Queries, idleSeconds: number) {
    this.#queries = queries;
    this.#idleMs = idleSeconds * 1000;
  }

  /**
   * Resolves to false, and begins no session, if the user was disabled or given another password meanwhile: that ended all
   * sessions, and one made with the old password must not come after.
   */
  async insert(sessionHash: SessionHash, session: NewSession): Promise<boolean> {
    const { userId, passwordVersion, authenticatedAt, expiresAt, remoteAddress, userAgent } = session;
    const bindings = [
      sessionHash,
      authenticatedAt,
      expiresAt,
      authenticatedAt,
      remoteAddress,
      userAgent,
      userId,
      authenticatedAt,
      passwordVersion,
    ];
    return (await this.#queries.query(INSERT, bindings)).length > 0;
  }

  async find(sessionHash: SessionHash, now: Date): Promise<FoundSession | undefined> {
    const [row] = await this.#queries.query<{
      session_id: string;
      id: string;
      username: string;
      roles: Role[];
      authenticated_at: Date;
      last_seen_at: Date;
    }>(FIND, [sessionHash, now, this.#seenSince(now)]);
    return (
      row && {
        session: {
          sessionId: row.session_id,
          userId: row.id,
          username: row.username,
          roles: row.roles,
          authenticatedAt: row.authenticated_at,
        },
        lastSeenAt: row.last_seen_at,
      }
    );
  }

  /** A person's live sessions, the newest first. */
  async list(userId: string, now: Date, limit: number): Promise<readonly SessionSummary[]> {
    const rows = await this.#queries.query<{
      id: string;
      authenticated_at: Date;
      last_seen_at: Date;
      expires_at: Date;
      remote_address: string | null;
      user_agent: string | null;
    }>(LIST, [userId, now, this.#seenSince(now), limit]);
    return rows.map((row) => ({
      sessionId: row.id,
      authenticatedAt: row.authenticated_at,
      lastSeenAt: row.last_seen_at,
      expiresAt: row.expires_at,
      remoteAddress: row.remote_address,
      userAgent: row.user_agent,
    }));
  }

  /** `seen`: when each session (by its public id) was last seen. A later stamp stays. */
  async stampLastSeen(seen: ReadonlyMap<string, Date>): Promise<void> {
    await this.#queries.query(STAMP, [[...seen.keys()], [...seen.values()].map((at) => at.getTime() / 1000)]);
  }

  /** Resolves to whose session it was, if it was live. */
  async end(sessionHash: SessionHash, now: Date): Promise<string | undefined> {
    const [row] = await this.#queries.query<{ user_id: string }>(END, [now, sessionHash]);
    return row?.user_id;
  }

  /** Ends a session of this user's by its public id; resolves to whether there was one to end. */
  async endById(userId: string, sessionId: string, now: Date): Promise<boolean> {
    return (await this.#queries.query(END_BY_ID, [now, sessionId, userId])).length > 0;
  }

  /** Ends a person's sessions, all but the one that is excepted; resolves to how many. */
  async endOthers(userId: string, exceptSessionId: string | null, now: Date): Promise<number> {
    return this.#queries.transaction(async (queries) => {
      await lockOwner(queries, userId);
      return endSessionsOf(queries, userId, exceptSessionId, now);
    });
  }

  #seenSince(now: Date): Date {
    return new Date(now.getTime() - this.#idleMs);
  }
}

/**
 * Locks a user until the transaction ends, in a statement of its own: one that waits for a login goes on with what it saw
 * before it waited, and would miss the session that the login begins. To be done before any of the sessions is locked.
 */
export async function lockOwner(queries: Pick<Queries, 'query'>, userId: string): Promise<void> {
  await queries.query(LOCK_OWNER, [userId]);
}

/** Ends the sessions of a user whose row the transaction holds already, all but one; resolves to how many were live. */
export async function endSessionsOf(
  queries: Pick<Queries, 'query'>,
  userId: string,
  exceptSessionId: string | null,
  now: Date,
): Promise<number> {
  const bindings = [now, userId, exceptSessionId, now];
  const ended = await queries.query<{ was_live: boolean }>(END_OTHERS, bindings);
  return ended.filter((session) => session.was_live).length;
}

/** Deletes sessions that expired before the given time; resolves to how many, at most `limit`. */
export async function deleteExpiredSessions(queries: Queries, before: Date, limit: number): Promise<number> {
  return (await queries.query(DELETE_EXPIRED, [before, limit])).length;
}
