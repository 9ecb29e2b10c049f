import { context, type Context } from '@opentelemetry/api';
import type { Message } from './protocol.ts';

/** Answers whoever sent a message: with an error, or with a reply. */
export type Settled = (error: unknown, reply: unknown) => void;

/** What waits in a mailbox: the message, its way back, its deadline and the context of whoever sent it. */
export class Envelope {
  readonly message: Message;
  readonly context: Context = context.active();
  readonly enqueuedAtMs: number;
  /** Milliseconds on the monotonic clock; Infinity for a tell. */
  readonly deadlineMs: number;
  /** Its index in the list of `Unsettled`, which alone changes it; undefined if it is in none. */
  place: number | undefined;
  readonly #onSettled: Settled;
  #isSettled = false;

  /** `onSettled` is called exactly once. */
  constructor(message: Message, enqueuedAtMs: number, timeoutMs: number, onSettled: Settled) {
    this.message = message;
    this.enqueuedAtMs = enqueuedAtMs;
    this.deadlineMs = enqueuedAtMs + timeoutMs;
    this.#onSettled = onSettled;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** The first call counts; later ones do nothing. */
  settle(error: unknown, reply?: unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#onSettled(error, reply);
  }
}
