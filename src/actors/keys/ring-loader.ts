import type { Sources } from '../../oauth/sources.ts';
import { KeyRing } from './key-ring.ts';
import { KeyNotDecryptable, type KeyVault, type OpenKey } from './key-vault.ts';
import type { KeyStore, StoredKey } from './store.ts';
import { RELOAD_SECONDS } from './timing.ts';

/** An unknown key id makes us look again, but no more often than this, whatever a caller sends. */
const MIN_RELOAD_INTERVAL_MS = 5_000;

export interface RingLoaderParts {
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly sources: Sources;
  /** Told of each ring that comes into use. */
  readonly onLoaded: (ring: KeyRing) => void;
}

/** Keeps the ring of one life of the actor, and reads it from the database again when asked. */
export class RingLoader {
  readonly #parts: RingLoaderParts;
  #ring: KeyRing | undefined;
  #first: Promise<KeyRing> | undefined;
  #loads = 0;
  #adopted = 0;
  #triedAtMs = -Infinity;

  constructor(parts: RingLoaderParts) {
    this.#parts = parts;
  }

  /** The ring in use. */
  async current(): Promise<KeyRing> {
    if (this.#ring) return this.#ring;
    this.#first ??= this.load().finally(() => (this.#first = undefined));
    return this.#first;
  }

  /** A new ring, unless somebody looked a moment ago. */
  async refreshed(): Promise<KeyRing> {
    const recent = this.#parts.sources.now().getTime() - this.#triedAtMs < MIN_RELOAD_INTERVAL_MS;
    return recent ? this.current() : this.load();
  }

  /** The ring in use, or, where that was not renewed in time, a new one if there is one to be had. */
  async recent(): Promise<KeyRing> {
    const ring = await this.current();
    const inTime = ring.ageSeconds(this.#parts.sources.now()) <= 2 * RELOAD_SECONDS;
    return inTime ? ring : this.refreshed().catch(() => ring);
  }

  /** Reads the keys; the ring in use stays in use if that fails. */
  async load(): Promise<KeyRing> {
    const { store, sources, onLoaded } = this.#parts;
    const number = (this.#loads += 1);
    const now = sources.now();
    this.#triedAtMs = now.getTime();
    const stored = await store.published(now);
    const ring = new KeyRing(await Promise.all(stored.map((key) => this.#open(key))), now);
    // One that was asked for later may have been answered before: it does not bring back what is gone.
    if (this.#ring && number < this.#adopted) return this.#ring;
    this.#ring = ring;
    this.#adopted = number;
    onLoaded(ring);
    return ring;
  }

  /** A key that was made with a secret which this replica lacks is published all the same: the others sign with it. */
  async #open(key: StoredKey): Promise<OpenKey> {
    const { vault } = this.#parts;
    const open = this.#ring?.find(key.kid);
    if (open) return { ...open, ...key };
    try {
      return await vault.open(key);
    } catch (error) {
      if (error instanceof KeyNotDecryptable) return vault.openPublic(key);
      throw error;
    }
  }
}
