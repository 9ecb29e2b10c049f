// Which replica publishes which signing key since when, and since when a key signs.
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

export class KeyWatch {
  #replicas;
  /** By key and replica, when it was first seen in that replica's JWKS. */
  #published = new Map();
  /** By key, when a token was first seen that it signed, and how many were. */
  #signed = new Map();
  #isOver = false;
  #running;

  /** @param {readonly import('./replicas.mjs').Replica[]} replicas */
  constructor(replicas) {
    this.#replicas = replicas;
    this.#running = Promise.all(replicas.map((replica) => this.#watch(replica)));
  }

  /** A token was seen that this key signed. */
  onToken(kid) {
    const seen = this.#signed.get(kid);
    if (seen) seen.count += 1;
    else this.#signed.set(kid, { atMs: Date.now(), count: 1 });
  }

  get signed() {
    return this.#signed;
  }

  /** When all replicas had published a key; undefined if not all have. */
  publishedByAllAtMs(kid) {
    const times = this.#replicas.map(({ number }) => this.#published.get(`${kid} ${number}`));
    return times.includes(undefined) ? undefined : Math.max(...times);
  }

  /** Waits until all replicas publish a key; resolves to when that was, or to undefined if it takes too long. */
  async untilPublishedByAll(kid, patienceMs) {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      const atMs = this.publishedByAllAtMs(kid);
      if (atMs !== undefined) return atMs;
      await sleep(POLL_MS);
    }
    return undefined;
  }

  /** The keys that signed before every replica published them. */
  tooEarly() {
    return [...this.#signed]
      .filter(([kid, { atMs }]) => !(this.publishedByAllAtMs(kid) <= atMs))
      .map(([kid]) => kid);
  }

  async stop() {
    this.#isOver = true;
    await this.#running;
  }

  async #watch(replica) {
    while (!this.#isOver) {
      for (const kid of (await replica.keyIds()) ?? []) {
        const key = `${kid} ${replica.number}`;
        if (!this.#published.has(key)) this.#published.set(key, Date.now());
      }
      await sleep(POLL_MS);
    }
  }
}
