import { expiredPartitions, neededPartitions } from '../actors/token/partitions.ts';
import type { KeyVault } from '../actors/keys/key-vault.ts';
import { signingKeyOf, waitingKeysOf } from '../actors/keys/plan.ts';
import type { StoredKey } from '../actors/keys/store.ts';
import type { SchemaState } from '../database/schema.ts';
import { SIGNING_ALGORITHMS } from '../oauth/jwt.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;

/** Without a schedule, as the alert StagedoorSigningKeyOld has it. */
const OLD_KEY_DAYS = 90;

/** So long after its time a rotation counts as late, as the alert StagedoorKeyRotationLate has it. */
const LATE_DAYS = 3;

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
  const closed: string[] = [];
  for (const key of stored) {
    await vault.open(key).catch(() => closed.push(key.kid));
  }
  const inUse = SIGNING_ALGORITHMS.flatMap((algorithm) => [
    signingKeyOf(stored, algorithm, now),
    ...waitingKeysOf(stored, algorithm, now),
  ]).map((key) => key?.kid);
  return [checkOpened(stored.length, closed, inUse), ...checkKeyAges(stored, now, rotationSeconds)];
}

/** A server starts without the secret of a key that signs no more; it verifies with the public half. */
function checkOpened(count: number, closed: readonly string[], inUse: readonly unknown[]): Finding {
  const check = 'signing-keys';
  if (closed.length === 0) return ok(check, `all ${count} can be decrypted`);
  const found = `${closed.length} of ${count} cannot be decrypted with OAUTH2_SECRET: ${closed.join(', ')}`;
  if (!closed.some((kid) => inUse.includes(kid)))
    return warning(
      check,
      `${found}; none of them signs any more`,
      'Nothing, unless their secret is to come back.',
    );
  return failed(
    check,
    found,
    'Put the secret that they were made with back into OAUTH2_SECRET, behind the others; if it is lost, see "stagedoor keys discard-lost".',
  );
}

function checkKeyAges(stored: readonly StoredKey[], now: Date, rotationSeconds: number): readonly Finding[] {
  const check = 'signing-key-age';
  let oldest = 0;
  for (const algorithm of SIGNING_ALGORITHMS) {
    const signing = signingKeyOf(stored, algorithm, now);
    const waits = waitingKeysOf(stored, algorithm, now).length > 0;
    if (!signing)
      return [
        failed(
          check,
          `no key of ${algorithm} signs`,
          'Restart the server, which makes one; if one waits, revoke that.',
        ),
      ];
    if (signing.expiresAt && !waits)
      return [
        failed(
          check,
          `the key of ${algorithm} expires, and none waits to follow it`,
          'Run "stagedoor keys rotate" now.',
        ),
      ];
    if (!waits) oldest = Math.max(oldest, (now.getTime() - signing.activatesAt.getTime()) / DAY_MS);
  }
  const days = Math.floor(oldest);
  const isScheduled = rotationSeconds > 0;
  const limit = isScheduled ? (rotationSeconds * 1000) / DAY_MS + LATE_DAYS : OLD_KEY_DAYS;
  if (oldest <= limit) return [ok(check, `${days} days`)];
  const advice = isScheduled
    ? 'The schedule (OAUTH2_KEY_ROTATION) is late; docs/operations.md has the reasons under StagedoorKeyRotationLate.'
    : 'Run "stagedoor keys rotate", or set OAUTH2_KEY_ROTATION.';
  return [warning(check, `the same key has signed for ${days} days`, advice)];
}
