import type { Migration } from '../src/database/migration.ts';

/** What each process says of itself, and what it served in each minute: owned by Replicas. */
export const createReplicas: Migration = {
  name: '0010_create_replicas',
  kind: 'expand',
  steps: [
    `
    create table replicas (
      id uuid primary key,
      name text not null,
      version text not null,
      started_at timestamptz not null,
      seen_at timestamptz not null,
      actors jsonb not null
    )
  `,
    `
    create table replica_minutes (
      minute timestamptz not null,
      replica_id uuid not null,
      requests integer not null,
      errors integer not null,
      -- How many answers took how long: one number for each bucket of the histogram.
      durations integer[] not null,
      primary key (minute, replica_id)
    )
  `,
  ],
};
