import type { Envelope } from './mailbox.ts';

/** When thousands are late one after the other, they are told in groups: each look goes through all of them. */
const MIN_REST_MS = 5;

/**
 * The messages of one actor that are not settled yet, and their deadlines. One timer watches over all of them: a timer for
 * each would be made and cleared thousands of times a second, and almost never ring.
 *
 * They stand in a list in which each knows its place. A Set that much goes into and out of is laid out anew all the time, and its
 * old layouts refer to the newer ones: once one of them is old, V8 takes all that was ever under way in the others for alive, up to
 * its next look at the whole heap.
 */
export class Unsettled {
  #envelopes: Envelope[] = [];
  readonly #onDeadline: (envelope: Envelope) => void;
  #timer: NodeJS.Timeout | undefined;
  #ringsAtMs = Infinity;

  constructor(onDeadline: (envelope: Envelope) => void) {
    this.#onDeadline = onDeadline;
  }

  add(envelope: Envelope): void {
    if (envelope.place !== undefined) return;
    envelope.place = this.#envelopes.length;
    this.#envelopes.push(envelope);
    if (envelope.deadlineMs < this.#ringsAtMs) this.#ringAt(envelope.deadlineMs);
  }

  /** The timer stays for the others, so that it is set anew only where nothing is under way. */
  delete(envelope: Envelope): void {
    this.#remove(envelope);
    if (this.#envelopes.length === 0) this.#ringAt(Infinity);
  }

  /** All of them in the order in which they were enqueued; they are then forgotten. */
  takeAll(): readonly Envelope[] {
    const all = this.#envelopes.sort((one, other) => one.enqueuedAtMs - other.enqueuedAtMs);
    for (const envelope of all) envelope.place = undefined;
    this.#envelopes = [];
    this.#ringAt(Infinity);
    return all;
  }

  /** The last one moves to its place. */
  #remove(envelope: Envelope): void {
    const { place } = envelope;
    if (place === undefined || this.#envelopes[place] !== envelope) return;
    envelope.place = undefined;
    const last = this.#envelopes.pop();
    if (last === undefined || last === envelope) return;
    this.#envelopes[place] = last;
    last.place = place;
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
    for (const late of this.#envelopes.filter(({ deadlineMs }) => deadlineMs <= nowMs)) {
      // Settling another one may have taken it out.
      if (late.place === undefined) continue;
      this.#remove(late);
      this.#onDeadline(late);
    }
    const nextMs = this.#envelopes.reduce((least, { deadlineMs }) => Math.min(least, deadlineMs), Infinity);
    this.#ringAt(Math.max(nextMs, nowMs + MIN_REST_MS));
  }
}
