import { clientContradictionsOf } from '../../oauth/client-metadata.ts';
import { PreconditionFailed, UnprocessableContent } from '../../oauth/errors.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { ClientDetails, ClientMessage } from './messages.ts';
import { found, recordEvent, type ClientParts } from './parts.ts';

/** Changes what is named and leaves the rest. Tokens that were issued keep what they have. */
export async function updateClient(
  parts: ClientParts,
  message: MessageOf<ClientMessage, 'update'>,
): Promise<ClientDetails> {
  const { clientId, versions, changes, caller } = message;
  const seen = found(await parts.details.read(clientId));
  requireVersion(seen, versions);
  const fields = Object.keys(changes);
  if (fields.length === 0) return seen;
  const client = { ...seen, ...changes };
  const problems = clientContradictionsOf(client);
  if (problems.length > 0) throw new UnprocessableContent(problems);
  const updated = await parts.details.update(client, seen.version, parts.sources.now());
  if (!updated) {
    // Somebody was quicker. Whoever named a version is told so; for whoever did not, it is done on top.
    if (versions !== null) throw new PreconditionFailed();
    return updateClient(parts, message);
  }
  recordEvent(parts, { type: 'client_updated', clientId, caller, detail: { fields } });
  return updated;
}

/** Its tokens go first: if the rest fails, the client is still there to be deleted again. */
export async function deleteClient(
  parts: ClientParts,
  { clientId, versions, caller }: MessageOf<ClientMessage, 'delete'>,
): Promise<void> {
  requireVersion(found(await parts.details.read(clientId)), versions);
  await parts.tokens.ask({ type: 'revokeClient', clientId });
  await parts.auth.ask({ type: 'forgetClient', clientId });
  if (await parts.details.delete(clientId)) recordEvent(parts, { type: 'client_deleted', clientId, caller });
}

/** Refuses the client everything and revokes its tokens. */
export async function disableClient(
  parts: ClientParts,
  { clientId, caller }: MessageOf<ClientMessage, 'disable'>,
): Promise<ClientDetails> {
  const now = parts.sources.now();
  const client = found(await parts.details.setDisabled(clientId, now, now));
  await parts.tokens.ask({ type: 'revokeClient', clientId });
  recordEvent(parts, { type: 'client_disabled', clientId, caller });
  return client;
}

/** Undoes disable; what was revoked stays so. */
export async function enableClient(
  parts: ClientParts,
  { clientId, caller }: MessageOf<ClientMessage, 'enable'>,
): Promise<ClientDetails> {
  const client = found(await parts.details.setDisabled(clientId, null, parts.sources.now()));
  await parts.tokens.ask({ type: 'readmitClient', clientId });
  recordEvent(parts, { type: 'client_enabled', clientId, caller });
  return client;
}

function requireVersion({ version }: ClientDetails, versions: readonly number[] | null): void {
  if (versions !== null && !versions.includes(version)) throw new PreconditionFailed();
}
