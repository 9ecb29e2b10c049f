import type { Migration } from '../src/database/migration.ts';

/** People, their login sessions and what they consented to: owned by the AuthActor. */
export const createUsers: Migration = {
  name: '0002_create_users',
  kind: 'expand',
  steps: [
    `
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
  `,
    // 'Alice' and 'alice' are one person.
    `create unique index users_by_username on users (lower(username))`,
    `
    create table sessions (
      session_hash bytea primary key,
      user_id uuid not null references users on delete cascade,
      authenticated_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz
    )
  `,
    `create index sessions_of_user on sessions (user_id)`,
    `create index sessions_by_expiry on sessions (expires_at)`,
    `
    create table consents (
      user_id uuid not null references users on delete cascade,
      client_id text not null,
      scope text not null,
      decided_at timestamptz not null,
      primary key (user_id, client_id)
    )
  `,
  ],
};
