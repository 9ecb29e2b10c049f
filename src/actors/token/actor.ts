import { spawnActor } from '../runtime/actor.ts';
import { createTokenBatches } from './batches.ts';
import { identify, introspect } from './introspect.ts';
import { issueForClient, issueForGrant } from './issue.ts';
import { KeyCache } from './key-cache.ts';
import type { TokenMessage, TokenRef, TokenReplies } from './messages.ts';
import type { TokenParts, TokenTools } from './parts.ts';
import { revokeAccessToken, revokeAll, revokeGrantById } from './revoke-any.ts';
import { revokeGrant, revokeGrantsOf, revokeToken } from './revoke.ts';
import { rotateRefresh } from './rotate.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const SWEEP_MS = 600_000;

/** Clients that a person is shown. */
const MAX_CONNECTIONS = 100;

/** An expired grant is kept for this long: its last access token may outlive it by its own lifetime. So is a revocation. */
const KEEP_MS = 2 * 86_400_000;

/** Spawns one TokenActor: it issues, rotates, introspects and revokes, and owns grants and access tokens. */
export function spawnTokenActor(parts: TokenParts, name: string): TokenRef {
  return spawnActor<TokenMessage, TokenReplies>({
    name,
    guardian: parts.guardian,
    limits: parts.limits,
    timers: [{ everyMs: SWEEP_MS, message: { type: 'sweep' } }],
    behave: () => {
      const keyCache = new KeyCache(parts.keys, parts.sources.now);
      const tools: TokenTools = {
        ...parts,
        keyCache,
        verified: new VerifiedTokens(keyCache, parts.policy.issuer, parts.policy.tokenCacheSize),
        batches: createTokenBatches(parts, name),
      };
      return {
        issueForClient: (message) => issueForClient(tools, message),
        issueForGrant: (message) => issueForGrant(tools, message),
        rotateRefresh: (message) => rotateRefresh(tools, message),
        introspect: (message) => introspect(tools, message),
        revokeToken: (message) => revokeToken(tools, message),
        revokeGrant: (message) => revokeGrant(tools, message),
        revokeGrantsOf: (message) => revokeGrantsOf(tools, message),
        listConnections: ({ userId }) =>
          parts.store.listConnections(userId, parts.sources.now(), MAX_CONNECTIONS),
        isConnected: ({ userId, clientId }) => parts.store.isConnected(userId, clientId, parts.sources.now()),
        revokeClient: ({ clientId }) => parts.store.bar(`client:${clientId}`),
        readmitClient: ({ clientId }) => parts.store.readmit(`client:${clientId}`, parts.sources.now()),
        revokeUser: ({ userId }) => parts.store.bar(`user:${userId}`),
        readmitUser: ({ userId }) => parts.store.readmit(`user:${userId}`, parts.sources.now()),
        revokeIssuedToUser: ({ userId }) => parts.store.revokeIssued(`user:${userId}`, parts.sources.now()),
        revokeAllOfClient: (message) => revokeAll(tools, message),
        revokeAllOfUser: (message) => revokeAll(tools, message),
        revokeAccessToken: (message) => revokeAccessToken(tools, message),
        revokeGrantById: (message) => revokeGrantById(tools, message),
        listAccessTokens: ({ owner, page }) =>
          parts.listStore.listAccessTokens(owner, page, parts.sources.now()),
        listGrants: ({ filter, page }) => parts.listStore.listGrants(filter, page, parts.sources.now()),
        identify: ({ idToken }) => identify(tools, idToken),
        countActive: () => parts.store.countActive(parts.sources.now()),
        prepare: () => parts.sweepStore.ensurePartitions(parts.sources.now(), 'wait'),
        sweep: () => sweep(parts),
        forgetKeys: () => {
          keyCache.forget();
        },
      };
    },
  });
}

/**
 * One step after the other, because the first two take the same lock. That one must wait for its turn is no reason to leave
 * the others.
 */
async function sweep({ sweepStore, sources }: TokenParts): Promise<void> {
  const now = sources.now();
  const old = new Date(now.getTime() - KEEP_MS);
  const steps = [
    () => sweepStore.ensurePartitions(now, 'wait'),
    () => sweepStore.dropPartitions(now),
    () => sweepStore.deleteExpiredGrants(old),
    () => sweepStore.pruneRevocations(old),
  ];
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
