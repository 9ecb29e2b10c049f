import type { Queries } from '../../database/database.ts';
import type { SessionHash } from '../../oauth/secret.ts';
import { lockOwner } from './store-sessions.ts';

/** What a person who is signed in is known by. */
export interface OwnCredentials {
  readonly username: string;
  readonly passwordHash: string;
}

/** A password that takes the place of another, and the session that goes on with it. */
export interface PasswordChange {
  readonly userId: string;
  /** The hashes of the passwords. */
  readonly from: string;
  readonly to: string;
  readonly now: Date;
  readonly session: {
    readonly replaces: SessionHash;
    readonly hash: SessionHash;
    readonly expiresAt: Date;
    readonly remoteAddress: string | null;
  };
}

const OWN_CREDENTIALS = {
  name: 'users_own_credentials',
  sql: 'select username, password_hash from users where id = ?::uuid and disabled_at is null',
};

// From the password that was verified, by a session that is live still: of two at once, one changes it. The owner's row is
// locked already, so that no login comes between what this sees and what it ends.
const CHANGE_PASSWORD = {
  name: 'users_change_password',
  sql: `
    with input as (
      select * from (select ?::uuid, ?::text, ?::text, ?::timestamptz, ?::bytea, ?::bytea, ?::timestamptz, ?::text)
        as input (user_id, old_hash, new_hash, at, session_hash, new_session_hash, expires_at, remote_address)
    ), replaced as (
      select sessions.user_id, user_agent from sessions join input using (session_hash, user_id)
      where ended_at is null
    ), changed as (
      update users set password_hash = new_hash, password_changed_at = at
      from input join replaced using (user_id)
      where users.id = input.user_id and password_hash = old_hash and disabled_at is null
      returning users.id
    ), ended as (
      update sessions set ended_at = at from input
      where sessions.user_id in (select id from changed) and ended_at is null
    ), begun as (
      insert into sessions (session_hash, user_id, authenticated_at, expires_at, last_seen_at, remote_address, user_agent)
      select new_session_hash, changed.id, at, expires_at, at, remote_address, user_agent
      from changed, input, replaced
    )
    select id from changed`,
};

/** All SQL on the passwords that people change themselves. */
export class PasswordStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Of a user who is not disabled. */
  async credentialsOf(userId: string): Promise<OwnCredentials | undefined> {
    const [row] = await this.#queries.query<{ username: string; password_hash: string }>(OWN_CREDENTIALS, [
      userId,
    ]);
    return row && { username: row.username, passwordHash: row.password_hash };
  }

  /**
   * Changes a password, ends all sessions and begins the one that goes on. Resolves to false, and changes nothing, if the
   * password is another by now, the user is disabled, or the session that is replaced has ended.
   */
  async change({ userId, from, to, now, session }: PasswordChange): Promise<boolean> {
    const { replaces, hash, expiresAt, remoteAddress } = session;
    const bindings = [userId, from, to, now, replaces, hash, expiresAt, remoteAddress];
    const changed = await this.#queries.transaction(async (queries) => {
      await lockOwner(queries, userId);
      return queries.query(CHANGE_PASSWORD, bindings);
    });
    return changed.length > 0;
  }
}
