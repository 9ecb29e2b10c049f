import { isPublic, type Client } from '../../oauth/client.ts';
import { InvalidClient } from '../../oauth/errors.ts';
import { equalHashes, hashSecret } from '../../oauth/secret.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { ClientRecord } from './store.ts';

/** One sentence for an unknown client, a disabled one and a wrong secret. */
const NOT_AUTHENTICATED = 'Client authentication failed';

/**
 * Authenticates a client (RFC 6749 §2.3). Throws InvalidClient. `onUse` is told the id of the secret that matched.
 */
export function authenticate(
  record: ClientRecord | undefined,
  presented: Sensitive | null,
  now: Date,
  onUse: (secretId: string) => void,
): Client {
  const client = record?.client;
  if (!client || client.disabledAt) throw new InvalidClient(NOT_AUTHENTICATED);
  if (isPublic(client)) {
    if (presented) throw new InvalidClient(NOT_AUTHENTICATED);
    return client;
  }
  if (!presented) throw new InvalidClient(NOT_AUTHENTICATED);
  const hash = hashSecret<'client secret'>(presented.reveal());
  const match = record.secrets.filter(
    (secret) =>
      (secret.expiresAt === null || secret.expiresAt > now) &&
      equalHashes<'client secret'>(secret.hash, hash),
  )[0];
  if (!match) throw new InvalidClient(NOT_AUTHENTICATED);
  onUse(match.id);
  return client;
}
