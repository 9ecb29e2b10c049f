import type { Migration } from '../src/database/migration.ts';

/** What happened, for people who must find out later: owned by Audit. */
export const createAuditEvents: Migration = {
  name: '0006_create_audit_events',
  kind: 'expand',
  steps: [
    `
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
  `,
    `create index audit_events_by_time on audit_events (occurred_at, id)`,
  ],
};
