import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import { Conflict } from '../../oauth/errors.ts';

/** Whether a user is an admin now, and not disabled. */
export const IS_ADMIN = {
  name: 'users_is_admin',
  sql: `
    select exists (select 1 from users where id = ?::uuid and disabled_at is null and 'admin' = any(roles)) as present`,
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

/** Runs `work`, which leaves the user no admin, if there is another one. Throws Conflict if there is none. */
export function unlessLastAdmin<T>(
  queries: Queries,
  userId: string,
  work: (queries: Pick<Queries, 'query'>) => Promise<T>,
): Promise<T | undefined> {
  return queries.exclusively(LOCKS.firstAdmin, 'wait', async (locked) => {
    const [user] = await locked.query<{ present: boolean }>(IS_ADMIN, [userId]);
    const [other] = await locked.query<{ present: boolean }>(ANY_OTHER_ADMIN, [userId]);
    if (user?.present && !other?.present) {
      throw new Conflict('This is the last admin; make another one first');
    }
    return work(locked);
  });
}
