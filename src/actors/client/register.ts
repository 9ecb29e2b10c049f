import { isPublic, newClientId } from '../../oauth/client.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { ClientMessage, RegisteredClient } from './messages.ts';
import { recordEvent, type ClientParts } from './parts.ts';
import { makeSecret } from './secrets.ts';

/** Registers a client, with a first secret unless it is public. */
export async function registerClient(
  parts: ClientParts,
  { metadata, policy, caller }: MessageOf<ClientMessage, 'register'>,
): Promise<RegisteredClient> {
  const { sources } = parts;
  const clientId = newClientId(sources.randomBytes);
  const client = { ...metadata, ...policy, clientId, createdAt: sources.now(), disabledAt: null };
  const made = isPublic(client) ? null : makeSecret(sources, null);
  await parts.store.insert({ client, secrets: made ? [made.stored] : [] });
  recordEvent(parts, { type: 'client_registered', clientId, caller });
  return { client, clientSecret: made?.shown ?? null };
}
