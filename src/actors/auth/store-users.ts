import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import { sampledCount } from '../../database/sampling.ts';
import { WORD_QUERY, wordsOf } from '../../database/word-search.ts';
import type { UserFacts } from '../../oauth/claims.ts';
import { Conflict } from '../../oauth/errors.ts';
import { LAST_UUID, pageBindings, pageOf, type Page, type PageRequest } from '../paging.ts';
import type { Role, UserSummary } from './messages.ts';
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

const ANY_ADMIN = {
  name: 'users_any_admin',
  sql: `select exists (select 1 from users where 'admin' = any(roles)) as present`,
};

const IS_ADMIN = {
  name: 'users_is_admin',
  sql: `
    select exists (select 1 from users where id = ?::uuid and disabled_at is null and 'admin' = any(roles)) as present`,
};

const SUMMARY = `
  id, username, name, email, email_verified_at is not null as email_verified, roles, created_at, disabled_at, version`;

const READ = {
  name: 'users_read',
  sql: `select ${SUMMARY} from users where id = ?::uuid`,
};

const LIST = {
  name: 'users_list',
  sql: `
    select ${SUMMARY} from users
    where (created_at, id) < (?::timestamptz, ?::uuid)
    order by created_at desc, id desc limit ?`,
};

// Found first and ordered then, or the planner might walk all users by age in the hope to meet some that match.
const SEARCH = {
  name: 'users_search',
  sql: `
    with found as materialized (
      select ${SUMMARY} from users
      where ${wordsOf(`username || ' ' || coalesce(name, '') || ' ' || coalesce(email, '')`)} @@ ${WORD_QUERY}
    )
    select * from found where (created_at, id) < (?::timestamptz, ?::uuid)
    order by created_at desc, id desc limit ?`,
};

const USERNAMES = {
  name: 'users_usernames',
  sql: `
    select username from unnest(?::uuid[]) with ordinality as input (id, position)
    left join users on users.id = input.id order by position`,
};

const COUNT = {
  name: 'users_count',
  sql: 'select count(*)::int as count from users tablesample system (?::float8)',
};

const UPDATE = {
  name: 'users_update',
  sql: `
    update users set
      name = ?, email = ?, roles = ?::text[], version = version + 1,
      email_verified_at = case when ?::boolean then
        case when email is not distinct from ? then coalesce(email_verified_at, ?::timestamptz) else ?::timestamptz end
      end
    where id = ?::uuid and version = ?
    returning ${SUMMARY}`,
};

// Whether somebody else can do an admin's work today; a disabled admin cannot. Asked under a lock before a user ceases to be
// one, so that the last two cannot end each other at once.
const ANY_OTHER_ADMIN = {
  name: 'users_any_other_admin',
  sql: `
    select exists (
      select 1 from users where 'admin' = any(roles) and disabled_at is null and id <> ?::uuid
    ) as present`,
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

interface SummaryRow {
  id: string;
  username: string;
  name: string | null;
  email: string | null;
  email_verified: boolean;
  roles: Role[];
  created_at: Date;
  disabled_at: Date | null;
  version: number;
}

/** All SQL on users. */
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

  /**
   * Inserts the user if there is no admin yet, on this replica or another; resolves to whether it did. Throws UniqueViolation if
   * the name is taken.
   */
  async insertFirstAdmin(user: NewUser): Promise<boolean> {
    const inserted = await this.#queries.exclusively(LOCKS.firstAdmin, 'wait', async (queries) => {
      const [row] = await queries.query<{ present: boolean }>(ANY_ADMIN);
      if (row?.present) return false;
      await insertUser(queries, user);
      return true;
    });
    return inserted ?? false;
  }

  async anyAdmin(): Promise<boolean> {
    const [row] = await this.#queries.query<{ present: boolean }>(ANY_ADMIN);
    return row?.present ?? false;
  }

  async isAdmin(userId: string): Promise<boolean> {
    const [row] = await this.#queries.query<{ present: boolean }>(IS_ADMIN, [userId]);
    return row?.present ?? false;
  }

  /** How many there are; an estimate where there are many. */
  count(): Promise<number> {
    return sampledCount(this.#queries, 'users', COUNT);
  }

  /** In the order of the ids; null where there is no such user. */
  async listUsernames(userIds: readonly string[]): Promise<readonly (string | null)[]> {
    const rows = await this.#queries.query<{ username: string | null }>(USERNAMES, [userIds]);
    return rows.map(({ username }) => username);
  }

  async read(userId: string): Promise<UserSummary | undefined> {
    const [row] = await this.#queries.query<SummaryRow>(READ, [userId]);
    return row && summaryOf(row);
  }

  /** The youngest first. `search`: words of the names or the address, or their beginnings; null: all. */
  async list(search: string | null, page: PageRequest): Promise<Page<UserSummary>> {
    const bindings = pageBindings(page, LAST_UUID);
    const rows = await (search === null
      ? this.#queries.query<SummaryRow>(LIST, bindings)
      : this.#queries.query<SummaryRow>(SEARCH, [search, ...bindings]));
    return pageOf(rows, page, summaryOf, ({ createdAt, userId }) => ({ at: createdAt, id: userId }));
  }

  /** Writes what may change, unless the user has another version by now. Throws Conflict if no admin would be left. */
  async update(user: UserSummary, now: Date): Promise<UserSummary | undefined> {
    const { userId, name, email, emailVerified, roles, version } = user;
    const bindings = [name, email, roles, emailVerified, email, now, now, userId, version];
    const write = async (queries: Pick<Queries, 'query'>) => {
      const [row] = await queries.query<SummaryRow>(UPDATE, bindings);
      return row && summaryOf(row);
    };
    return roles.includes('admin') ? write(this.#queries) : this.#withoutAdmin(userId, write);
  }

  /** Disables a user and ends all sessions; resolves to the user's id if there is one. Throws Conflict if no admin would be left. */
  async disable(username: string, now: Date): Promise<string | undefined> {
    const found = await this.credentials(username);
    if (!found) return undefined;
    return this.#withoutAdmin(found.userId, async (queries) => {
      const [row] = await queries.query<{ id: string }>(DISABLE, [now, found.userId]);
      return endAllOf(queries, row, now);
    });
  }

  /** Runs `work`, which leaves the user no admin, if there is another one. */
  async #withoutAdmin<T>(
    userId: string,
    work: (queries: Pick<Queries, 'query'>) => Promise<T>,
  ): Promise<T | undefined> {
    return this.#queries.exclusively(LOCKS.firstAdmin, 'wait', async (queries) => {
      const [user] = await queries.query<{ present: boolean }>(IS_ADMIN, [userId]);
      const [other] = await queries.query<{ present: boolean }>(ANY_OTHER_ADMIN, [userId]);
      if (user?.present && !other?.present) {
        throw new Conflict('This is the last admin; make another one first');
      }
      return work(queries);
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

async function insertUser(queries: Pick<Queries, 'query'>, user: NewUser): Promise<void> {
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

function summaryOf(row: SummaryRow): UserSummary {
  return {
    userId: row.id,
    username: row.username,
    name: row.name,
    email: row.email,
    emailVerified: row.email_verified,
    roles: row.roles,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    version: row.version,
  };
}
