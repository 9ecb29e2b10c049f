import { StatementFailed } from '../../database/faults.ts';
import { createBatcher } from '../runtime/batch.ts';
import type { TokenBatches, TokenParts } from './parts.ts';
import type { NewAccessToken, NewGrant, Rotation } from './store.ts';

const MAX_BATCH = 500;

/** Statements of one kind in flight at once: a second one keeps the database busy while the first one's answer travels. */
const CONCURRENCY = 2;

/** PostgreSQL's check_violation: what an insert gets that finds no partition. */
const NO_PARTITION = '23514';

/** The token path's statements, batched. */
export function createTokenBatches(parts: TokenParts, actor: string): TokenBatches {
  const { guardian, store } = parts;
  const batcher = <I, O>(statement: string, run: (items: readonly I[]) => Promise<readonly O[]>) =>
    createBatcher<I, O>({
      run,
      maxSize: MAX_BATCH,
      concurrency: CONCURRENCY,
      onSend: (size) => {
        guardian.observer.batched(actor, statement, size);
      },
    });
  const partitioned =
    <I, O>(run: (items: readonly I[]) => Promise<readonly O[]>) =>
    (items: readonly I[]) =>
      withPartitions(parts, () => run(items));
  return {
    insertAccessToken: batcher(
      'access_tokens_insert',
      partitioned((tokens: readonly NewAccessToken[]) => store.insertAccessTokens(tokens)),
    ),
    openGrant: batcher(
      'grants_open',
      partitioned((grants: readonly NewGrant[]) => store.openGrants(grants)),
    ),
    rotate: batcher(
      'grants_rotate',
      partitioned((rotations: readonly Rotation[]) => rotateEachGrantOnce(parts, rotations)),
    ),
    isLive: batcher('access_tokens_select_live', (keys) => store.areLive(keys)),
  };
}

/** One statement changes a row once: of several rotations of one grant the first is sent, the others count as too late. */
async function rotateEachGrantOnce({ store }: TokenParts, rotations: readonly Rotation[]) {
  const first = new Map<string, Rotation>();
  for (const rotation of rotations) {
    const key = `${rotation.grantId} ${rotation.generation} ${rotation.clientId} ${rotation.scope ?? ''}`;
    if (!first.has(key)) first.set(key, rotation);
  }
  const sent = [...first.values()];
  const results = await store.rotate(sent);
  const byToken = new Map(sent.map((rotation, index) => [rotation.tokenId, results[index]]));
  return rotations.map((rotation) => byToken.get(rotation.tokenId));
}

/** The sweep makes partitions days ahead; a machine that slept for longer makes them here. */
async function withPartitions<T>({ sweepStore, sources }: TokenParts, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StatementFailed) || error.sqlState !== NO_PARTITION) throw error;
    await sweepStore.ensurePartitions(sources.now(), 'wait');
    return run();
  }
}
