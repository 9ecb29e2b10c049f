import { isPublic } from '../../oauth/client.ts';
import { Conflict, NotFound } from '../../oauth/errors.ts';
import { hashSecret, newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { AddedSecret, ClientMessage, SecretSummary } from './messages.ts';
import { found, recordEvent, type ClientParts } from './parts.ts';
import type { ClientSecret } from './store.ts';

/** Each authentication compares with all of them. */
const MAX_LIVE_SECRETS = 20;

/** A new secret: as it is shown once, and as it is stored. */
export function makeSecret(
  sources: Sources,
  expiresAt: Date | null,
): { shown: Sensitive; stored: ClientSecret } {
  const secret = newSecret(sources.randomBytes);
  return {
    shown: new Sensitive(secret),
    stored: { id: sources.randomUuid(), hash: hashSecret(secret), expiresAt },
  };
}

/** The secrets of a client, expired ones of late too. Throws NotFound. */
export async function listSecrets(
  { details, secrets }: ClientParts,
  { clientId }: MessageOf<ClientMessage, 'listSecrets'>,
): Promise<readonly SecretSummary[]> {
  found(await details.read(clientId));
  return secrets.list(clientId);
}

/** Adds a secret. Throws NotFound, or Conflict if the client is public or has too many. */
export async function addSecret(
  parts: ClientParts,
  { clientId, expiresAt, othersExpireAt, caller }: MessageOf<ClientMessage, 'addSecret'>,
): Promise<AddedSecret> {
  const { sources, details, secrets } = parts;
  if (isPublic(found(await details.read(clientId)))) throw new Conflict('A public client has no secret');
  const now = sources.now();
  const { shown, stored } = makeSecret(sources, expiresAt);
  const outcome = await secrets.add(clientId, stored, now, othersExpireAt, MAX_LIVE_SECRETS);
  if (outcome === 'too many') {
    throw new Conflict(`A client has at most ${MAX_LIVE_SECRETS} secrets; expire one first`);
  }
  if (outcome === 'no such client') found(undefined);
  recordEvent(parts, { type: 'client_secret_added', clientId, caller, detail: { secretId: stored.id } });
  const secret = { secretId: stored.id, createdAt: now, expiresAt, lastUsedAt: null };
  return { secret, clientSecret: shown };
}

/** Has a secret stop working, at the latest at that time. Throws NotFound. */
export async function expireSecret(
  parts: ClientParts,
  { clientId, secretId, expiresAt, caller }: MessageOf<ClientMessage, 'expireSecret'>,
): Promise<SecretSummary> {
  const changed = await parts.secrets.expire(clientId, secretId, expiresAt ?? parts.sources.now());
  if (!changed) throw new NotFound('The client has no such secret');
  recordEvent(parts, { type: 'client_secret_expired', clientId, caller, detail: { secretId } });
  return changed;
}
