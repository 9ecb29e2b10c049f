import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import { IS_ADMIN } from './store-last-admin.ts';
import { insertUser, type NewUser } from './store-users.ts';

const ANY_ADMIN = {
  name: 'users_any_admin',
  sql: `select exists (select 1 from users where 'admin' = any(roles)) as present`,
};

/** The SQL on who may administer this server. */
export class AdminStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
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
}
