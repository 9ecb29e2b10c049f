import type { ActorObserver } from './protocol.ts';

/** One observer that tells two. */
export function combineObservers(first: ActorObserver, second: ActorObserver): ActorObserver {
  return {
    dequeued: (actor, message, waitMs) => {
      first.dequeued(actor, message, waitMs);
      second.dequeued(actor, message, waitMs);
    },
    settled: (actor, message, outcome, durationMs) => {
      first.settled(actor, message, outcome, durationMs);
      second.settled(actor, message, outcome, durationMs);
    },
    failed: (actor, message, error) => {
      first.failed(actor, message, error);
      second.failed(actor, message, error);
    },
    crashed: (actor, message, error) => {
      first.crashed(actor, message, error);
      second.crashed(actor, message, error);
    },
    batched: (actor, statement, size) => {
      first.batched(actor, statement, size);
      second.batched(actor, statement, size);
    },
  };
}
