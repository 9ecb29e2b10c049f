import { InvalidGrant } from '../../oauth/errors.ts';
import { decodeRefreshToken } from '../../oauth/refresh-token.ts';
import type { Caller } from '../audit/messages.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { TokenMessage } from './messages.ts';
import type { TokenTools } from './parts.ts';

/** A tombstone outlives any code that could still try to open the grant. */
const TOMBSTONE_SECONDS = 86_400;

/** What to revoke, for whom. */
export interface GrantToRevoke {
  readonly grantId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly caller: Caller;
}

/**
 * Revokes a token for the client that it was issued to (RFC 7009 §2.1). A token that is unknown or dead already is no error;
 * one that belongs to another client is InvalidGrant.
 */
export async function revokeToken(
  tools: TokenTools,
  { token, clientId, caller }: MessageOf<TokenMessage, 'revokeToken'>,
): Promise<void> {
  const claims = await tools.verified.claimsOf(token);
  if (claims) {
    refuseForeign(claims.client_id, clientId);
    const revoked = await tools.store.revokeAccessToken(
      { tokenId: claims.jti, expiresAt: claims.exp },
      tools.sources.now(),
    );
    if (revoked) {
      const event = {
        type: 'access_token_revoked',
        clientId,
        caller,
        detail: { tokenId: claims.jti },
      } as const;
      tools.audit.tell({ type: 'record', event });
    }
    return;
  }
  const id = decodeRefreshToken(tools.refreshKeys, token);
  const grant = id && (await tools.store.findGrant(id.grantId));
  if (!grant) return;
  refuseForeign(grant.clientId, clientId);
  await revokeGrant(tools, { grantId: id.grantId, clientId, userId: grant.userId, caller });
}

/** Revokes a grant with its refresh token and its access tokens, from this commit on and on every replica. */
export async function revokeGrant(tools: TokenTools, grant: GrantToRevoke): Promise<void> {
  const now = tools.sources.now();
  const { grantId, clientId, userId, caller } = grant;
  const first = await tools.store.revokeGrant(
    { grantId, clientId, userId },
    now,
    new Date(now.getTime() + TOMBSTONE_SECONDS * 1000),
  );
  if (!first) return;
  tools.audit.tell({
    type: 'record',
    event: { type: 'grant_revoked', clientId, userId, caller, detail: { grantId } },
  });
}

/** Revokes all grants that a user gave a client, with their tokens. */
export async function revokeGrantsOf(
  { store, sources, audit }: TokenTools,
  { userId, clientId, caller }: MessageOf<TokenMessage, 'revokeGrantsOf'>,
): Promise<void> {
  for (const grantId of await store.revokeGrantsOf(userId, clientId, sources.now())) {
    audit.tell({
      type: 'record',
      event: { type: 'grant_revoked', clientId, userId, caller, detail: { grantId } },
    });
  }
}

function refuseForeign(owner: string, clientId: string): void {
  if (owner !== clientId) throw new InvalidGrant('The token was issued to another client');
}
