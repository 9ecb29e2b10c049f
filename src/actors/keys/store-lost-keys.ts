import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';

// The row stays: should the secret turn up again, so can the key.
const RETIRE_LOST = {
  name: 'keys_retire_lost',
  sql: 'update signing_keys set expires_at = ?::timestamptz where kid = any(?::text[])',
};

/** Takes keys that nobody can open out of use at once, so that a start makes others in their place. */
export async function retireLostKeys(queries: Queries, kids: readonly string[], now: Date): Promise<void> {
  await queries.exclusively(LOCKS.signingKeys, 'wait', (locked) =>
    locked.query(RETIRE_LOST, [now, [...kids]]),
  );
}
