import type { Migration } from '../src/database/migration.ts';

/** Room in each page for the next version of its secrets: a stamp of their last use then mostly touches no index (see 0011). */
export const roomForStamps: Migration = {
  name: '0013_room_for_stamps',
  kind: 'expand',
  steps: [`alter table client_secrets set (fillfactor = 85)`],
};
