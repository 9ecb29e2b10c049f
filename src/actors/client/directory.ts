import { LRUCache } from 'lru-cache';
import { createBatcher } from '../runtime/batch.ts';
import type { ClientRecord, ClientStore } from './store.ts';

/** Client ids are what we make them; anything else is unknown without asking the database. */
const CLIENT_ID = /^[A-Za-z0-9_-]{22}$/;

/** If a notification was lost in a way nobody noticed, a change still arrives after this long. */
const MAX_AGE_MS = 60_000;

const MAX_BATCH = 200;

/** Client records in memory, bounded; look-ups that arrive together are one statement. Unknown ids are not kept. */
export class ClientDirectory {
  readonly #records: LRUCache<string, ClientRecord>;
  readonly #find: (clientId: string) => Promise<ClientRecord | undefined>;
  #epoch = 0;

  constructor(store: ClientStore, cacheSize: number, onSend: (size: number) => void) {
    this.#records = new LRUCache({ max: cacheSize, ttl: MAX_AGE_MS });
    this.#find = createBatcher({
      run: (clientIds: readonly string[]) => store.find(clientIds),
      maxSize: MAX_BATCH,
      concurrency: 2,
      onSend,
    });
  }

  /** The record in memory, at once, if it is there. */
  known(clientId: string): ClientRecord | undefined {
    return this.#records.get(clientId);
  }

  async find(clientId: string): Promise<ClientRecord | undefined> {
    if (!CLIENT_ID.test(clientId)) return undefined;
    const known = this.#records.get(clientId);
    if (known) return known;
    const epoch = this.#epoch;
    const record = await this.#find(clientId);
    // What was read before a change was announced must not be kept after it.
    if (record && epoch === this.#epoch) this.#records.set(clientId, record);
    return record;
  }

  /** Null forgets everything. */
  forget(clientId: string | null): void {
    this.#epoch += 1;
    if (clientId === null) this.#records.clear();
    else this.#records.delete(clientId);
  }
}
