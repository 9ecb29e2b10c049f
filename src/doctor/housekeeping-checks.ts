import { expiredPartitions, neededPartitions } from '../actors/token/partitions.ts';
import type { KeyVault, OpenKey } from '../actors/keys/key-vault.ts';
import type { StoredKey } from '../actors/keys/store.ts';
import type { SchemaState } from '../database/schema.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;

/** Without a schedule, as the alert StagedoorSigningKeyOld has it. */
const OLD_KEY_DAYS = 90;

/** A sweep runs every ten minutes; a partition that should have gone a day ago has been left by a hundred of them. */
const SWEEP_LATE_MS = DAY_MS;

export function checkSchema(state: SchemaState): Finding {
  const check = 'schema';
  if (state.kind === 'current')
    return ok(
      check,
      `as this version needs it${state.newer.length > 0 ? `, and newer (${state.newer.join(', ')})` : ''}`,
    );
  if (state.kind === 'behind')
    return failed(check, `lacks ${state.missing.join(', ')}`, 'Run "stagedoor migrate".');
  return failed(
    check,
    `was migrated by a newer version, and this one cannot work with it (${state.demands.map(({ migration }) => migration).join(', ')})`,
    'Run a version that can, or restore a backup made before the upgrade.',
  );
}

/** Whether the days of tokens come and go. Only running servers see to it; the first to start makes what is missing. */
export function checkPartitions(existing: readonly string[], liveProcesses: number, now: Date): Finding {
  const check = 'housekeeping';
  if (liveProcesses === 0)
    return skipped(check, 'no server reports to this database, and partitions are made at the start');
  const missing = neededPartitions(now).filter(({ name }) => !existing.includes(name));
  const late = expiredPartitions(existing, new Date(now.getTime() - SWEEP_LATE_MS));
  const advice =
    'Look for warnings of the message "sweep" in the log; docs/operations.md has them under StagedoorSweepStalled.';
  const soon = missing.find(({ from }) => from.getTime() - now.getTime() < 2 * DAY_MS);
  if (soon) return failed(check, `the partition ${soon.name}, which tokens need soon, is missing`, advice);
  if (missing.length > 1)
    return warning(check, `${missing.length} partitions of the coming days are missing`, advice);
  if (late.length > 0)
    return warning(check, `${late.length} partition(s) of expired tokens were not dropped`, advice);
  return ok(check, `${existing.length} partitions, up to ${existing.at(-1) ?? 'none'}`);
}

/** Whether the master secrets open the signing keys, and how old those are that sign. `rotationSeconds`: of the schedule; 0: there is none. */
export async function checkKeys(
  stored: readonly StoredKey[],
  vault: Pick<KeyVault, 'open'>,
  now: Date,
  rotationSeconds: number,
): Promise<readonly Finding[]> {
  if (stored.length === 0) return [ok('signing-keys', 'none yet: the first start makes them')];
  const opened: OpenKey[] = [];
  const closed: string[] = [];
  for (const key of stored) {
    await vault.open(key).then(
      (open) => opened.push(open),
      () => closed.push(key.kid),
    );
  }
  if (closed.length > 0)
    return [
      failed(
        'signing-keys',
        `${closed.length} of ${stored.length} cannot be decrypted with OAUTH2_SECRET: ${closed.join(', ')}`,
        'Put the secret that they were made with back into OAUTH2_SECRET, behind the others; if it is lost, see "stagedoor keys discard-lost".',
      ),
    ];
  return [
    ok('signing-keys', `all ${opened.length} can be decrypted`),
    checkKeyAge(stored, now, rotationSeconds),
  ];
}

function checkKeyAge(stored: readonly StoredKey[], now: Date, rotationSeconds: number): Finding {
  const check = 'signing-key-age';
  const signing = stored.filter(({ activatesAt, expiresAt }) => expiresAt === null && activatesAt <= now);
  const days = signing.map(({ activatesAt }) => (now.getTime() - activatesAt.getTime()) / DAY_MS);
  const oldest = Math.floor(Math.max(0, ...days));
  const isScheduled = rotationSeconds > 0;
  // A day more than it should be: a schedule needs a server that runs.
  const limit = isScheduled ? rotationSeconds / (DAY_MS / 1000) + 1 : OLD_KEY_DAYS;
  if (oldest <= limit) return ok(check, `${oldest} days`);
  return warning(
    check,
    `the same key has signed for ${oldest} days`,
    isScheduled
      ? 'The schedule (OAUTH2_KEY_ROTATION) is late; docs/operations.md has the reasons under StagedoorKeyRotationLate.'
      : 'Run "stagedoor keys rotate", or set OAUTH2_KEY_ROTATION.',
  );
}
