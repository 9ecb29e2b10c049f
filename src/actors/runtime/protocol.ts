import type { OAuthError } from '../../oauth/errors.ts';

/** A message is plain readonly data with a discriminating type. */
export interface Message {
  readonly type: string;
}

/** A protocol pairs each message type of the union `M` with the type of its reply. */
export type Replies<M extends Message> = Record<M['type'], unknown>;

/** The member of the union `M` whose type is `K`. */
export type MessageOf<M extends Message, K extends M['type']> = Extract<M, { readonly type: K }>;

/** Where messages to one actor (or to a group routed by key) are sent. */
export interface ActorRef<M extends Message, R extends Replies<M>> {
  readonly name: string;

  /**
   * Sends a message and waits for its reply.
   * Rejects with the handler's OAuthError; with TemporarilyUnavailable when the mailbox is full, the deadline
   * (milliseconds from now, default: the actor's ask timeout) passes, or the actor stops; with ServerError when the handler crashes.
   */
  ask<K extends M['type']>(
    message: MessageOf<M, K>,
    options?: { readonly timeoutMs?: number },
  ): Promise<R[K]>;

  /** Sends a message and waits for nothing. Never throws: false if the mailbox is full or the actor stopped. */
  tell(message: M): boolean;
}

/** One function per message type: a missing handler or a reply of the wrong type does not compile. */
export type Handlers<M extends Message, R extends Replies<M>> = {
  readonly [K in M['type']]: (message: MessageOf<M, K>) => R[K] | Promise<R[K]>;
};

/**
 * What became of a message. `refused`: an OAuth answer; `failed`: storage or a bug; `expired`: the answer came too late, or the
 * message was never started for that; `rejected`: never started, for the mailbox was full or the actor ended.
 */
export const OUTCOMES = ['ok', 'refused', 'failed', 'expired', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Figures of one actor, as of now. */
export interface ActorStats {
  readonly name: string;
  readonly mailboxDepth: number;
  readonly mailboxLimit: number;
  readonly inFlight: number;
  readonly concurrencyLimit: number;
  readonly restarts: number;
}

/** Called by the runtime as things happen; metrics and traces hang here. All durations in milliseconds. */
export interface ActorObserver {
  dequeued(actor: string, message: string, waitMs: number): void;
  settled(actor: string, message: string, outcome: Outcome, durationMs: number): void;
  /** A message could not be served for a reason that is nobody's bug: storage, a deadline, a missing key. */
  failed(actor: string, message: string, error: OAuthError): void;
  crashed(actor: string, message: string, error: unknown): void;
  batched(actor: string, statement: string, size: number): void;
}
