import type { Migration } from '../src/database/migration.ts';

/** What keeps a write as small at a million rows as at ten: rotation in place, and indexes for what is swept or asked often. */
export const keepWritesSmall: Migration = {
  name: '0011_keep_writes_small',
  kind: 'expand',
  steps: [
    // The sweep goes by the day and not by the moment, which every rotation changes: a row none of whose indexed columns change
    // is rewritten in its page, and no index is touched (PostgreSQL, "Heap-Only Tuples"). Rows of before, and those that
    // replicas of the version before write, are due at once; the sweep then finds their day.
    `alter table grants add column expires_on date not null default '-infinity'`,
    `create index concurrently grants_by_expiry_day on grants (expires_on)`,
    {
      sql: `drop index concurrently grants_by_expiry`,
      why: 'only the sweep of the version before used it, which is slower for the time of a rollout',
    },
    // Room in each page for the next version of its rows.
    `alter table grants set (fillfactor = 85)`,
    `alter table authorization_codes set (fillfactor = 90)`,
    `alter table sessions set (fillfactor = 90)`,

    `create index concurrently revocations_by_time on revocations (issued_until, subject)`,
    `create index concurrently users_who_are_admins on users (id) where 'admin' = any(roles)`,
  ],
};
