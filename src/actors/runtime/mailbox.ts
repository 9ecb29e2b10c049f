import { context, type Context } from '@opentelemetry/api';
import type { Message } from './protocol.ts';

/** What waits in a mailbox: the message, its way back, its deadline and the context of whoever sent it. */
export interface Envelope {
  readonly message: Message;
  readonly context: Context;
  readonly enqueuedAtMs: number;
  /** Milliseconds on the monotonic clock; Infinity for a tell. */
  readonly deadlineMs: number;
  /** Answers the asker; the first call of settle counts, later ones do nothing. */
  readonly settle: (error: unknown, reply?: unknown) => void;
  readonly isSettled: () => boolean;
}

/** An envelope that nobody waits for; `onFailed` is called if it is settled with an error. */
export function tellEnvelope(message: Message, nowMs: number, onFailed: () => void): Envelope {
  let settled = false;
  return {
    message,
    context: context.active(),
    enqueuedAtMs: nowMs,
    deadlineMs: Infinity,
    settle: (error) => {
      if (!settled && error !== undefined) onFailed();
      settled = true;
    },
    isSettled: () => settled,
  };
}

/** An envelope whose asker is called back exactly once, at the latest when `onDeadline` says so. */
export function askEnvelope(
  message: Message,
  nowMs: number,
  timeoutMs: number,
  callback: (error: unknown, reply: unknown) => void,
  onDeadline: () => unknown,
): Envelope {
  let settled = false;
  const settle = (error: unknown, reply?: unknown) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    callback(error, reply);
  };
  const timer = setTimeout(() => {
    settle(onDeadline());
  }, timeoutMs);
  return {
    message,
    context: context.active(),
    enqueuedAtMs: nowMs,
    deadlineMs: nowMs + timeoutMs,
    settle,
    isSettled: () => settled,
  };
}
