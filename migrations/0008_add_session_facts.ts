import type { Migration } from '../src/database/migration.ts';

/**
 * What people are told of their login sessions: an id to name one by that is no secret, when it was last seen, and where it
 * was begun. The defaults are for replicas of the version before, which begin sessions while this one is rolled out.
 */
export const addSessionFacts: Migration = {
  name: '0008_add_session_facts',
  kind: 'expand',
  steps: [
    `
    alter table sessions
      add column id uuid,
      add column last_seen_at timestamptz,
      add column remote_address text,
      add column user_agent text`,
    `
    alter table sessions
      alter column id set default gen_random_uuid(),
      alter column last_seen_at set default now()`,
    `
    update sessions
    set id = coalesce(id, gen_random_uuid()), last_seen_at = coalesce(last_seen_at, authenticated_at)
    where (id is null or last_seen_at is null)`,
    // A constraint that was found to hold spares "set not null" its look at the whole table.
    {
      sql: `
        alter table sessions add constraint sessions_have_facts
        check (id is not null and last_seen_at is not null) not valid`,
      why: 'code of before leaves both columns to their defaults',
    },
    `alter table sessions validate constraint sessions_have_facts`,
    {
      sql: `alter table sessions alter column id set not null, alter column last_seen_at set not null`,
      why: 'code of before leaves both columns to their defaults',
    },
    {
      sql: `alter table sessions drop constraint sessions_have_facts`,
      why: 'it was only made for the step before',
    },
    {
      sql: `create unique index concurrently sessions_by_id on sessions (id)`,
      why: 'code of before leaves the column to its default, which is random',
    },
  ],
};
