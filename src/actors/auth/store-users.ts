import type { Queries } from '../../database/database.ts';
import type { UserFacts } from '../../oauth/claims.ts';
import type { Role } from './messages.ts';
import { unlessLastAdmin } from './store-last-admin.ts';
import { endSessionsOf, PASSWORD_VERSION } from './store-sessions.ts';

export interface NewUser {
  readonly userId: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly name: string | null;
  readonly createdAt: Date;
}

export interface Credentials {
  readonly userId: string;
  readonly passwordHash: string;
  /** Another with each password. */
  readonly passwordVersion: string;
  readonly disabledAt: Date | null;
}

const CREDENTIALS = {
  name: 'users_credentials',
  sql: `
    select id, password_hash, ${PASSWORD_VERSION} as password_version, disabled_at
    from users where lower(username) = lower(?)`,
};

const FIND = {
  name: 'users_find',
  sql: `
    select id, username, name, email, email_verified_at is not null as email_verified
    from users where id = ?::uuid and disabled_at is null`,
};

const INSERT = {
  name: 'users_insert',
  sql: `
    insert into users (id, username, password_hash, roles, email, name, email_verified_at, created_at, password_changed_at)
    select input.*, input.created_at
    from (select ?::uuid as id, ?::text, ?::text, ?::text[], ?::text, ?::text, ?::timestamptz, ?::timestamptz as created_at)
      as input`,
};

const DISABLE = {
  name: 'users_disable',
  sql: `
    update users set disabled_at = coalesce(disabled_at, ?::timestamptz), version = version + 1
    where id = ?::uuid returning id`,
};

const ENABLE = {
  name: 'users_enable',
  sql: 'update users set disabled_at = null, version = version + 1 where lower(username) = lower(?) returning id',
};

const RESET_PASSWORD = {
  name: 'users_reset_password',
  sql: `
    update users set password_hash = ?, password_changed_at = ?::timestamptz
    where lower(username) = lower(?) returning id`,
};

// The same password under another cost: unless it was changed meanwhile, and nothing else changes with it.
const REHASH = {
  name: 'users_rehash',
  sql: 'update users set password_hash = ? where id = ?::uuid and password_hash = ? returning id',
};

/** The SQL on users as they sign in; as admins see them it is in UserDetailsStore. */
export class UserStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async credentials(username: string): Promise<Credentials | undefined> {
    const [row] = await this.#queries.query<{
      id: string;
      password_hash: string;
      password_version: string;
      disabled_at: Date | null;
    }>(CREDENTIALS, [username]);
    return (
      row && {
        userId: row.id,
        passwordHash: row.password_hash,
        passwordVersion: row.password_version,
        disabledAt: row.disabled_at,
      }
    );
  }

  /** A user who is not disabled. */
  async find(userId: string): Promise<UserFacts | undefined> {
    const [row] = await this.#queries.query<{
      id: string;
      username: string;
      name: string | null;
      email: string | null;
      email_verified: boolean;
    }>(FIND, [userId]);
    return (
      row && {
        subject: row.id,
        username: row.username,
        name: row.name,
        email: row.email,
        emailVerified: row.email_verified,
      }
    );
  }

  /** Throws UniqueViolation if the name is taken. */
  async insert(user: NewUser): Promise<void> {
    await insertUser(this.#queries, user);
  }

  /** Disables a user and ends all sessions; resolves to the user's id if there is one. Throws Conflict if no admin would be left. */
  async disable(username: string, now: Date): Promise<string | undefined> {
    const found = await this.credentials(username);
    if (!found) return undefined;
    return unlessLastAdmin(this.#queries, found.userId, async (queries) => {
      const [row] = await queries.query<{ id: string }>(DISABLE, [now, found.userId]);
      return endAllOf(queries, row, now);
    });
  }

  /** Resolves to the user's id if there is one. */
  async enable(username: string): Promise<string | undefined> {
    const [row] = await this.#queries.query<{ id: string }>(ENABLE, [username]);
    return row?.id;
  }

  /** Replaces the hash of a password that stays the same. */
  async rehash(userId: string, oldHash: string, newHash: string): Promise<void> {
    await this.#queries.query(REHASH, [newHash, userId, oldHash]);
  }

  /** Sets a password and ends all sessions; resolves to the user's id if there is one. */
  async resetPassword(username: string, passwordHash: string, now: Date): Promise<string | undefined> {
    return this.#queries.transaction(async (queries) => {
      const [row] = await queries.query<{ id: string }>(RESET_PASSWORD, [passwordHash, now, username]);
      return endAllOf(queries, row, now);
    });
  }
}

/**
 * Ends all sessions of a user who was just changed, in a statement after it: one that did both would not see the session of a
 * login that it waited for. Resolves to the id.
 */
async function endAllOf(
  queries: Pick<Queries, 'query'>,
  changed: { readonly id: string } | undefined,
  now: Date,
): Promise<string | undefined> {
  if (changed) await endSessionsOf(queries, changed.id, null, now);
  return changed?.id;
}

/** Inserts a user. Throws UniqueViolation if the name is taken. */
export async function insertUser(queries: Pick<Queries, 'query'>, user: NewUser): Promise<void> {
  await queries.query(INSERT, [
    user.userId,
    user.username,
    user.passwordHash,
    user.roles,
    user.email,
    user.name,
    user.emailVerified ? user.createdAt : null,
    user.createdAt,
  ]);
}
