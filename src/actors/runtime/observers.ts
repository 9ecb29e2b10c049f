import type { ActorObserver } from './protocol.ts';

/** One observer that tells several. */
export function combineObservers(...observers: readonly ActorObserver[]): ActorObserver {
  return {
    dequeued: (...told) => {
      for (const observer of observers) observer.dequeued(...told);
    },
    settled: (...told) => {
      for (const observer of observers) observer.settled(...told);
    },
    failed: (...told) => {
      for (const observer of observers) observer.failed(...told);
    },
    crashed: (...told) => {
      for (const observer of observers) observer.crashed(...told);
    },
    batched: (...told) => {
      for (const observer of observers) observer.batched(...told);
    },
  };
}
