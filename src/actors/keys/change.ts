import type { Sources } from '../../oauth/sources.ts';
import { LOCAL_CALLER, type AuditRef, type Caller } from '../audit/messages.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyVault } from './key-vault.ts';
import { isEmpty, planRevocation, planRotation, planSchedule, type KeyDates, type KeyPlan } from './plan.ts';
import type { KeyChange, KeyStore, StoredKey } from './store.ts';
import type { KeyTiming } from './timing.ts';

export interface ChangeParts {
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly sources: Sources;
  readonly audit: AuditRef;
  readonly timing: KeyTiming;
}

/**
 * Does what `plan` makes of the keys, looked at while no other replica can change them: of many that plan the same at once, one
 * does it. Resolves to what was done; undefined if another was at it (`skip`).
 */
export async function changeKeys(
  { store, vault, sources }: Pick<ChangeParts, 'store' | 'vault' | 'sources'>,
  mode: 'wait' | 'skip',
  plan: (keys: readonly StoredKey[], now: Date) => KeyPlan,
): Promise<KeyChange | undefined> {
  return store.change(sources.now(), mode, async (published) => {
    // By the clock of now: the wait for the lock is over.
    const now = sources.now();
    const { make, redate, remove } = plan(published, now);
    const add = await Promise.all(
      make.map(({ algorithm, activatesAt }) => vault.generate(algorithm, now, activatesAt)),
    );
    return { add, redate, remove };
  });
}

/** Publishes a new key for each algorithm that none waits for. Resolves to the ids of the new keys. */
export async function rotateKeys(parts: ChangeParts, caller: Caller): Promise<readonly string[]> {
  const change = await changeKeys(parts, 'wait', (keys, now) => planRotation(keys, now, parts.timing));
  return noteRotation(parts, change, caller, false);
}

/** Does what the schedule says is due. Resolves to whether anything changed. */
export async function keepToSchedule(parts: ChangeParts, ring: KeyRing): Promise<boolean> {
  const plan = (keys: readonly KeyDates[], now: Date) => planSchedule(keys, now, parts.timing);
  // Nearly always there is nothing to do, and nothing to lock for it.
  if (isEmpty(plan(ring.keys, parts.sources.now()))) return false;
  const change = await changeKeys(parts, 'skip', plan);
  noteRotation(parts, change, LOCAL_CALLER, true);
  return change !== undefined;
}

/** Takes keys out at once. Resolves to the ids of the keys that were made in their place. Throws NotFound. */
export async function revokeKeys(
  parts: ChangeParts,
  kids: readonly string[],
  caller: Caller,
): Promise<readonly string[]> {
  const change = await changeKeys(parts, 'wait', (keys, now) => planRevocation(keys, kids, now));
  const made = kidsOf(change);
  const detail = { kids: change?.remove ?? [], made };
  parts.audit.tell({ type: 'record', event: { type: 'signing_keys_revoked', caller, detail } });
  return made;
}

function noteRotation(
  { audit }: ChangeParts,
  change: KeyChange | undefined,
  caller: Caller,
  scheduled: boolean,
): readonly string[] {
  const made = kidsOf(change);
  if (made.length > 0) {
    const detail = { made, scheduled };
    audit.tell({ type: 'record', event: { type: 'signing_keys_rotated', caller, detail } });
  }
  return made;
}

function kidsOf(change: KeyChange | undefined): readonly string[] {
  return change?.add.map(({ kid }) => kid) ?? [];
}
