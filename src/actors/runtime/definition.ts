import type { Guardian } from './guardian.ts';
import type { ActorRef, Handlers, Message, Replies } from './protocol.ts';

/** Bounds of one actor. */
export interface ActorLimits {
  /** Messages waiting; one more is refused. */
  readonly mailboxLimit: number;
  /** Messages started and not yet answered; the next one waits in the mailbox. */
  readonly concurrency: number;
  readonly askTimeoutMs: number;
}

export interface ActorDefinition<M extends Message, R extends Replies<M>> {
  readonly name: string;
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  /** Makes the handlers and the state they close over; called at the start and again after each crash. */
  readonly behave: (self: ActorRef<M, R>) => Handlers<M, R>;
  /** Told of each message that was taken by tell and not served: refused, crashed, or left over when the actor ended. */
  readonly onUndelivered?: (message: M) => void;
  /** Messages the actor sends itself, each time the interval has passed. */
  readonly timers?: readonly { readonly everyMs: number; readonly message: M }[];
}
