import { isPublic, newClientId } from '../../oauth/client.ts';
import { InvalidRequest } from '../../oauth/errors.ts';
import { hashSecret, newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { AuditEventType, AuditRef, Caller } from '../audit/messages.ts';
import { spawnActor } from '../runtime/actor.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { TokenRef } from '../token/messages.ts';
import { authenticate } from './authenticate.ts';
import { ClientDirectory } from './directory.ts';
import type { ClientMessage, ClientRef, ClientReplies, RegisteredClient } from './messages.ts';
import type { ClientRecord, ClientSecret, ClientStore } from './store.ts';

/** When a secret was last used is written down this often, for all secrets at once. */
const FLUSH_LAST_USED_MS = 30_000;

export interface ClientParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: ClientStore;
  readonly tokens: TokenRef;
  readonly audit: AuditRef;
  readonly sources: Sources;
  /** Records kept in memory. */
  readonly cacheSize: number;
  /** Called after a change, so that other instances of this actor forget the client too. */
  readonly announce: (clientId: string) => void;
}

/** Spawns one ClientActor: it registers, authenticates and disables clients, and owns them and their secrets. */
export function spawnClientActor(parts: ClientParts, name: string): ClientRef {
  const { guardian, store, sources } = parts;
  return spawnActor<ClientMessage, ClientReplies>({
    name,
    guardian,
    limits: parts.limits,
    timers: [{ everyMs: FLUSH_LAST_USED_MS, message: { type: 'flushLastUsed' } }],
    behave: () => {
      const directory = new ClientDirectory(store, parts.cacheSize, (size) => {
        guardian.observer.batched(name, 'clients_find', size);
      });
      let lastUsed = new Map<string, Date>();
      const check = (record: ClientRecord | undefined, message: MessageOf<ClientMessage, 'authenticate'>) => {
        const now = sources.now();
        return authenticate(record, message.presentedSecret, now, (secretId) => lastUsed.set(secretId, now));
      };
      const changed = (clientId: string) => {
        directory.forget(clientId);
        parts.announce(clientId);
      };
      return {
        register: (message) => register(parts, message),
        get: async ({ clientId }) => (await directory.find(clientId))?.client ?? null,
        authenticate: (message) => {
          const known = directory.known(message.clientId);
          return known
            ? check(known, message)
            : directory.find(message.clientId).then((record) => check(record, message));
        },
        list: ({ limit }) => store.list(limit),
        count: () => store.count(),
        rotateSecret: async (message) => {
          const secret = await rotateSecret(parts, message);
          changed(message.clientId);
          return secret;
        },
        disable: async ({ clientId, caller }) => {
          await setDisabled(parts, clientId, sources.now(), caller);
          changed(clientId);
          await parts.tokens.ask({ type: 'revokeClient', clientId });
        },
        enable: async ({ clientId, caller }) => {
          await setDisabled(parts, clientId, null, caller);
          await parts.tokens.ask({ type: 'readmitClient', clientId });
          changed(clientId);
        },
        forget: ({ clientId }) => {
          directory.forget(clientId);
        },
        flushLastUsed: async () => {
          if (lastUsed.size === 0) return;
          const uses = lastUsed;
          lastUsed = new Map();
          try {
            await store.stampLastUsed(uses);
          } catch (error) {
            // Kept for the next time, under whatever was used since.
            lastUsed = new Map([...uses, ...lastUsed]);
            throw error;
          }
        },
      };
    },
  });
}

async function register(
  parts: ClientParts,
  { metadata, policy, caller }: MessageOf<ClientMessage, 'register'>,
): Promise<RegisteredClient> {
  const { sources } = parts;
  const client = {
    ...metadata,
    ...policy,
    clientId: newClientId(sources.randomBytes),
    createdAt: sources.now(),
    disabledAt: null,
  };
  const made = isPublic(client) ? null : makeSecret(sources);
  await parts.store.insert({ client, secrets: made ? [made.stored] : [] });
  record(parts, 'client_registered', client.clientId, caller);
  return { client, clientSecret: made?.shown ?? null };
}

async function rotateSecret(
  parts: ClientParts,
  { clientId, overlapSeconds, caller }: MessageOf<ClientMessage, 'rotateSecret'>,
): Promise<Sensitive> {
  const [found] = await parts.store.find([clientId]);
  if (!found) throw new InvalidRequest('There is no such client');
  if (isPublic(found.client)) throw new InvalidRequest('A public client has no secret');
  const now = parts.sources.now();
  const { shown, stored } = makeSecret(parts.sources);
  await parts.store.addSecret(clientId, stored, now, new Date(now.getTime() + overlapSeconds * 1000));
  record(parts, 'client_secret_added', clientId, caller);
  return shown;
}

async function setDisabled(
  parts: ClientParts,
  clientId: string,
  disabledAt: Date | null,
  caller: Caller,
): Promise<void> {
  const found = await parts.store.setDisabled(clientId, disabledAt, parts.sources.now());
  if (!found) throw new InvalidRequest('There is no such client');
  record(parts, disabledAt ? 'client_disabled' : 'client_enabled', clientId, caller);
}

function makeSecret(sources: Sources): { shown: Sensitive; stored: ClientSecret } {
  const secret = newSecret(sources.randomBytes);
  return {
    shown: new Sensitive(secret),
    stored: { id: sources.randomUuid(), hash: hashSecret(secret), expiresAt: null },
  };
}

function record({ audit }: ClientParts, type: AuditEventType, clientId: string, caller: Caller): void {
  audit.tell({ type: 'record', event: { type, clientId, caller } });
}
