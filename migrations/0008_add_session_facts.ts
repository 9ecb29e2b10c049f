import type { Knex } from 'knex';

/**
 * What people are told of their login sessions: an id to name one by that is no secret, when it was last seen, and where it
 * was begun. The defaults are for replicas of the version before, which begin sessions while this one is rolled out.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions
      add column id uuid not null default gen_random_uuid(),
      add column last_seen_at timestamptz,
      add column remote_address text,
      add column user_agent text
  `);
  await knex.raw(`update sessions set last_seen_at = authenticated_at`);
  await knex.raw(`
    alter table sessions
      alter column last_seen_at set default now(),
      alter column last_seen_at set not null
  `);
  await knex.raw(`create unique index sessions_by_id on sessions (id)`);
}
