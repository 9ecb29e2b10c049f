import type { Knex } from 'knex';

/** People, their login sessions and what they consented to: owned by the AuthActor. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table users (
      id uuid primary key,
      username text not null,
      password_hash text not null,
      name text,
      email text,
      email_verified_at timestamptz,
      roles text[] not null default '{}',
      created_at timestamptz not null,
      password_changed_at timestamptz not null,
      disabled_at timestamptz
    )
  `);
  // 'Alice' and 'alice' are one person.
  await knex.raw(`create unique index users_by_username on users (lower(username))`);
  await knex.raw(`
    create table sessions (
      session_hash bytea primary key,
      user_id uuid not null references users on delete cascade,
      authenticated_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz
    )
  `);
  await knex.raw(`create index sessions_of_user on sessions (user_id)`);
  await knex.raw(`create index sessions_by_expiry on sessions (expires_at)`);
  await knex.raw(`
    create table consents (
      user_id uuid not null references users on delete cascade,
      client_id text not null,
      scope text not null,
      decided_at timestamptz not null,
      primary key (user_id, client_id)
    )
  `);
}
