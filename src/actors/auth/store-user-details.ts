import type { Queries } from '../../database/database.ts';
import { sampledCount } from '../../database/sampling.ts';
import { WORD_QUERY, wordsOf } from '../../database/word-search.ts';
import { LAST_UUID, pageBindings, pageOf, type Page, type PageRequest } from '../paging.ts';
import type { Role, UserSummary } from './messages.ts';
import { unlessLastAdmin } from './store-last-admin.ts';

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

/** The SQL on users as admins see them. */
export class UserDetailsStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
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
    return roles.includes('admin') ? write(this.#queries) : unlessLastAdmin(this.#queries, userId, write);
  }
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
