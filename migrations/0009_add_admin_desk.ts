import type { Knex } from 'knex';

/** What the admin API needs: versions against lost updates, searches and lists that stay fast at a million rows, who did what. */
export async function up(knex: Knex): Promise<void> {
  for (const table of ['clients', 'users']) {
    await knex.raw(`alter table ${table} add column version integer not null default 1`);
  }
  // Words by their beginnings. Stores repeat the expressions to the letter.
  await knex.raw(`
    create index clients_by_word on clients using gin (
      to_tsvector('simple', regexp_replace(lower(client_name), '[^[:alnum:]]+', ' ', 'g')))`);
  await knex.raw(`
    create index users_by_word on users using gin (
      to_tsvector('simple', regexp_replace(
        lower(username || ' ' || coalesce(name, '') || ' ' || coalesce(email, '')), '[^[:alnum:]]+', ' ', 'g')))`);
  await knex.raw(`create index users_by_age on users (created_at, id)`);
  await knex.raw(`create index consents_of_client on consents (client_id)`);

  await knex.raw(`create index access_tokens_by_client on access_tokens (client_id, issued_at, id)`);
  await knex.raw(
    `create index access_tokens_by_user on access_tokens (user_id, issued_at, id) where user_id is not null`,
  );
  await knex.raw(`drop index access_tokens_of_client`);
  await knex.raw(`create index grants_by_age on grants (created_at, id)`);
  await knex.raw(`create index grants_by_client on grants (client_id, created_at, id)`);
  await knex.raw(`create index grants_by_user on grants (user_id, created_at, id)`);
  await knex.raw(`drop index grants_of_client`);
  await knex.raw(`drop index grants_of_user`);

  // All keys with one beginning, in the order of their bytes.
  await knex.raw(`create index login_attempts_by_key on login_attempts (key collate "C")`);

  await knex.raw(`alter table audit_events add column actor text`);
  await knex.raw(`create index audit_events_by_type on audit_events (type, occurred_at, id)`);
  await knex.raw(
    `create index audit_events_by_client on audit_events (client_id, occurred_at, id) where client_id is not null`,
  );
  await knex.raw(
    `create index audit_events_by_user on audit_events (user_id, occurred_at, id) where user_id is not null`,
  );
}
