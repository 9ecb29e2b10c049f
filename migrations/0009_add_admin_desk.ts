import type { Migration } from '../src/database/migration.ts';

/** What the admin API needs: versions against lost updates, searches and lists that stay fast at a million rows, who did what. */
export const addAdminDesk: Migration = {
  name: '0009_add_admin_desk',
  kind: 'expand',
  steps: [
    `alter table clients add column version integer not null default 1`,
    `alter table users add column version integer not null default 1`,
    // Words by their beginnings. Stores repeat the expressions to the letter.
    `
    create index concurrently clients_by_word on clients using gin (
      to_tsvector('simple', regexp_replace(lower(client_name), '[^[:alnum:]]+', ' ', 'g')))`,
    `
    create index concurrently users_by_word on users using gin (
      to_tsvector('simple', regexp_replace(
        lower(username || ' ' || coalesce(name, '') || ' ' || coalesce(email, '')), '[^[:alnum:]]+', ' ', 'g')))`,
    `create index concurrently users_by_age on users (created_at, id)`,
    `create index concurrently consents_of_client on consents (client_id)`,

    `create index concurrently access_tokens_by_client on access_tokens (client_id, issued_at, id)`,
    `
    create index concurrently access_tokens_by_user on access_tokens (user_id, issued_at, id)
    where user_id is not null`,
    { sql: `drop index access_tokens_of_client`, why: 'access_tokens_by_client serves the same statements' },
    `create index concurrently grants_by_age on grants (created_at, id)`,
    `create index concurrently grants_by_client on grants (client_id, created_at, id)`,
    `create index concurrently grants_by_user on grants (user_id, created_at, id)`,
    { sql: `drop index concurrently grants_of_client`, why: 'grants_by_client serves the same statements' },
    { sql: `drop index concurrently grants_of_user`, why: 'grants_by_user serves the same statements' },

    // All keys with one beginning, in the order of their bytes.
    `create index concurrently login_attempts_by_key on login_attempts (key collate "C")`,

    `alter table audit_events add column actor text`,
    `create index concurrently audit_events_by_type on audit_events (type, occurred_at, id)`,
    `
    create index concurrently audit_events_by_client on audit_events (client_id, occurred_at, id)
    where client_id is not null`,
    `
    create index concurrently audit_events_by_user on audit_events (user_id, occurred_at, id)
    where user_id is not null`,
  ],
};
