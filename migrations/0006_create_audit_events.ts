import type { Knex } from 'knex';

/** What happened, for people who must find out later: owned by Audit. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table audit_events (
      id bigint generated always as identity primary key,
      occurred_at timestamptz not null,
      type text not null,
      client_id text,
      user_id uuid,
      remote_address text,
      request_id text,
      detail jsonb not null default '{}'
    )
  `);
  await knex.raw(`create index audit_events_by_time on audit_events (occurred_at, id)`);
}
