import type { Envelope } from './mailbox.ts';

/** When thousands are late one after the other, they are told in groups: each look goes through all of them. */
const MIN_REST_MS = 5;

/**
 * The messages of one actor that are not settled yet, and their deadlines. One timer watches over all of them: a timer for
 * each would be made and cleared thousands of times a second, and almost never ring.
 */
export class Unsettled {
  readonly #envelopes = new Set<Envelope>();
  readonly #onDeadline: (envelope: Envelope) => void;
  #timer: NodeJS.Timeout | undefined;
  #ringsAtMs = Infinity;

  constructor(onDeadline: (envelope: Envelope) => void) {
    this.#onDeadline = onDeadline;
  }

  add(envelope: Envelope): void {
    this.#envelopes.add(envelope);
    if (envelope.deadlineMs < this.#ringsAtMs) this.#ringAt(envelope.deadlineMs);
  }

  /** The timer stays for the others, so that it is set anew only where nothing is under way. */
  delete(envelope: Envelope): void {
    this.#envelopes.delete(envelope);
    if (this.#envelopes.size === 0) this.#ringAt(Infinity);
  }

  /** All of them, which are then forgotten. */
  takeAll(): readonly Envelope[] {
    const all = [...this.#envelopes];
    this.#envelopes.clear();
    this.#ringAt(Infinity);
    return all;
  }

  #ringAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#ringsAtMs = atMs;
    if (atMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#ring();
      },
      Math.max(0, Math.ceil(atMs - performance.now())),
    );
  }

  #ring(): void {
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const envelope of this.#envelopes) {
      if (envelope.deadlineMs > nowMs) nextMs = Math.min(nextMs, envelope.deadlineMs);
      else {
        this.#envelopes.delete(envelope);
        this.#onDeadline(envelope);
      }
    }
    this.#ringAt(Math.max(nextMs, nowMs + MIN_REST_MS));
  }
}
