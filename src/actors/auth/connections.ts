import type { MessageOf } from '../runtime/protocol.ts';
import type { AuthMessage } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';

/** A code that was claimed just before it expired may have its grant opened for as long as a request takes. */
const STILL_OPENING_MS = 60_000;

/**
 * Takes from a client all that a person allowed it: the consent, the codes, the grants with their tokens. In this order,
 * because the one before leads to the next: a code that is issued after they were looked for, by a request that saw the consent
 * before it was deleted, is refused for want of it when it is redeemed; what was claimed before has its grant revoked, be it
 * open or still to open. A client that needs no consent may be given another code by the very next request anyway.
 */
export async function disconnectClient(
  parts: AuthParts,
  { userId, clientId, caller }: MessageOf<AuthMessage, 'disconnectClient'>,
): Promise<void> {
  const { consents, codes, tokens, sources } = parts;
  await consents.delete(userId, clientId);
  const now = sources.now();
  const claimed = await codes.spendAll(userId, clientId, now, new Date(now.getTime() - STILL_OPENING_MS));
  // A code that was claimed a moment ago has a grant that may not be there yet to be found below.
  for (const grantId of claimed) await tokens.ask({ type: 'revokeGrant', grantId, clientId, userId, caller });
  await tokens.ask({ type: 'revokeGrantsOf', userId, clientId, caller });
  recordEvent(parts, { type: 'client_disconnected', userId, clientId, caller });
}
