import type { Migration } from '../src/database/migration.ts';

/** The newest migration that the code of a replica knows, so that nothing is taken away from code that runs. */
export const noteWhatReplicasKnow: Migration = {
  name: '0012_note_what_replicas_know',
  kind: 'expand',
  steps: [`alter table replicas add column newest_migration text`],
};
