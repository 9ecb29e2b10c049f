import { OUTCOMES, type ActorObserver, type ActorStats } from '../actors/runtime/protocol.ts';
import type { Instruments } from './instruments.ts';

const SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Counts what the actors do. The labels are names that the code gives, so their number is bounded. */
export function actorMetrics(instruments: Instruments): ActorObserver {
  const waits = instruments.distribution(
    'actor_mailbox_wait_seconds',
    'How long messages waited in the mailbox',
    ['actor'],
    SECONDS,
  );
  const durations = instruments.distribution(
    'actor_message_duration_seconds',
    'How long handling a message took, its I/O included',
    ['actor', 'message'],
    SECONDS,
  );
  const messages = instruments.tally(
    'actor_messages_total',
    'Messages by what became of them: ok, refused (an OAuth answer), failed (storage or a bug), expired (no answer before its deadline), rejected (mailbox full or actor ended)',
    ['actor', 'message', 'outcome'],
    OUTCOMES,
  );
  const batches = instruments.distribution(
    'actor_batch_size',
    'Messages served by one batched statement',
    ['actor', 'statement'],
    SIZES,
  );
  return {
    dequeued: (actor, _message, waitMs) => {
      waits.of(actor).observe(waitMs / 1000);
    },
    settled: (actor, message, outcome, durationMs) => {
      messages.of(actor, message, outcome).add();
      // What was never started has none.
      if (durationMs > 0) durations.of(actor, message).observe(durationMs / 1000);
    },
    failed: () => undefined,
    crashed: () => undefined,
    batched: (actor, statement, size) => {
      batches.of(actor, statement).observe(size);
    },
  };
}

/** Shows each actor's state at the time of the scrape. */
export function watchActors(instruments: Instruments, stats: () => readonly ActorStats[]): void {
  const depth = instruments.gauge('actor_mailbox_depth', 'Messages that wait in the mailbox', ['actor']);
  const limit = instruments.gauge('actor_mailbox_limit', 'Messages that may wait in the mailbox', ['actor']);
  const inFlight = instruments.gauge('actor_in_flight', 'Messages started and not yet answered', ['actor']);
  const concurrency = instruments.gauge('actor_concurrency_limit', 'Messages that may be in flight', [
    'actor',
  ]);
  const restarts = instruments.counter('actor_restarts_total', 'Restarts after a crash', ['actor']);
  const counted = new Map<string, number>();
  instruments.onScrape(() => {
    for (const actor of stats()) {
      const labels = { actor: actor.name };
      depth.set(labels, actor.mailboxDepth);
      limit.set(labels, actor.mailboxLimit);
      inFlight.set(labels, actor.inFlight);
      concurrency.set(labels, actor.concurrencyLimit);
      restarts.inc(labels, actor.restarts - (counted.get(actor.name) ?? 0));
      counted.set(actor.name, actor.restarts);
    }
  });
}
