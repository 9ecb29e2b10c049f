import { NotFound } from '../../oauth/errors.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { TokenMessage } from './messages.ts';
import type { TokenTools } from './parts.ts';
import { revokeGrant } from './revoke.ts';

/** Revokes all that a client or a user was issued so far; one row, however much that is. */
export async function revokeAll(
  { store, sources, audit }: TokenTools,
  message: MessageOf<TokenMessage, 'revokeAllOfClient' | 'revokeAllOfUser'>,
): Promise<void> {
  const { caller } = message;
  if (message.type === 'revokeAllOfClient') {
    const { clientId } = message;
    await store.revokeIssued(`client:${clientId}`, sources.now());
    audit.tell({ type: 'record', event: { type: 'client_tokens_revoked', clientId, caller } });
    return;
  }
  const { userId } = message;
  await store.revokeIssued(`user:${userId}`, sources.now());
  audit.tell({ type: 'record', event: { type: 'user_tokens_revoked', userId, caller } });
}

/** Revokes one access token. Throws NotFound if there is none that lives. */
export async function revokeAccessToken(
  { store, sources, audit }: TokenTools,
  { tokenId, caller }: MessageOf<TokenMessage, 'revokeAccessToken'>,
): Promise<void> {
  const revoked = await store.revokeAccessTokenById(tokenId, sources.now());
  if (!revoked) throw new NotFound('There is no such access token that is neither expired nor revoked');
  const { clientId, userId } = revoked;
  audit.tell({
    type: 'record',
    event: {
      type: 'access_token_revoked',
      clientId,
      ...(userId !== null && { userId }),
      caller,
      detail: { tokenId },
    },
  });
}

/** Revokes a grant with all of its tokens; one that was revoked before is no error. Throws NotFound. */
export async function revokeGrantById(
  tools: TokenTools,
  { grantId, caller }: MessageOf<TokenMessage, 'revokeGrantById'>,
): Promise<void> {
  const grant = await tools.store.findGrant(grantId);
  if (!grant) throw new NotFound('There is no such grant');
  await revokeGrant(tools, { grantId, clientId: grant.clientId, userId: grant.userId, caller });
}
