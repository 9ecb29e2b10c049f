import { spawnActor } from '../runtime/actor.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import { Stamps } from '../stamps.ts';
import { authenticate } from './authenticate.ts';
import { deleteClient, disableClient, enableClient, updateClient } from './change.ts';
import { ClientDirectory } from './directory.ts';
import type { ClientMessage, ClientRef, ClientReplies } from './messages.ts';
import { found, type ClientParts } from './parts.ts';
import { registerClient } from './register.ts';
import { addSecret, expireSecret, listSecrets } from './secrets.ts';
import type { ClientRecord } from './store.ts';

/** When a secret was last used is written down this often, for many secrets at once. */
const FLUSH_LAST_USED_MS = 30_000;

/** Spawns one ClientActor: it registers, authenticates and disables clients, and owns them and their secrets. */
export function spawnClientActor(parts: ClientParts, name: string): ClientRef {
  const { guardian, store, sources } = parts;
  return spawnActor<ClientMessage, ClientReplies>({
    name,
    guardian,
    limits: parts.limits,
    timers: [{ everyMs: FLUSH_LAST_USED_MS, message: { type: 'flushLastUsed' } }],
    behave: (self) => {
      const directory = new ClientDirectory(store, parts.cacheSize, (size) => {
        guardian.observer.batched(name, 'clients_find', size);
      });
      const lastUsed = new Stamps({
        write: (uses) => parts.secrets.stampLastUsed(uses),
        onMany: () => {
          self.tell({ type: 'flushLastUsed' });
        },
      });
      const check = (record: ClientRecord | undefined, message: MessageOf<ClientMessage, 'authenticate'>) => {
        const now = sources.now();
        return authenticate(record, message.presentedSecret, now, (secretId) => {
          lastUsed.note(secretId, now);
        });
      };
      /** Whatever is known of the client may be wrong once `work` has begun, and is when it has ended. */
      const changing = async <T>(clientId: string, work: Promise<T>): Promise<T> => {
        try {
          return await work;
        } finally {
          directory.forget(clientId);
          parts.announce(clientId);
        }
      };
      return {
        register: (message) => registerClient(parts, message),
        get: async ({ clientId }) => (await directory.find(clientId))?.client ?? null,
        authenticate: (message) => {
          const known = directory.known(message.clientId);
          return known
            ? check(known, message)
            : directory.find(message.clientId).then((record) => check(record, message));
        },
        read: async ({ clientId }) => found(await parts.details.read(clientId)),
        list: ({ search, page }) => parts.details.list(search, page),
        listNames: ({ clientIds }) => parts.details.listNames(clientIds),
        count: () => parts.details.count(),
        update: (message) => changing(message.clientId, updateClient(parts, message)),
        delete: (message) => changing(message.clientId, deleteClient(parts, message)),
        listSecrets: (message) => listSecrets(parts, message),
        addSecret: (message) => changing(message.clientId, addSecret(parts, message)),
        expireSecret: (message) => changing(message.clientId, expireSecret(parts, message)),
        disable: (message) => changing(message.clientId, disableClient(parts, message)),
        enable: (message) => changing(message.clientId, enableClient(parts, message)),
        forget: ({ clientId }) => {
          directory.forget(clientId);
        },
        flushLastUsed: () => lastUsed.flush(),
      };
    },
  });
}
