import type { Instruments } from './instruments.ts';

/** The workers, as the process that started them counts them. */
export interface WorkerCount {
  readonly wanted: number;
  /** Those that are ready. */
  readonly ready: number;
  /** How many were started because one ended without having been told to. */
  readonly restarts: number;
}

/** Shows the workers at the time of the scrape. */
export function watchWorkers(instruments: Instruments, count: () => WorkerCount): void {
  const workers = instruments.gauge(
    'workers',
    'Processes that serve: wanted by the configuration, and ready',
    ['state'],
  );
  const restarts = instruments.counter(
    'worker_restarts_total',
    'Workers that ended without having been told to, and were replaced',
  );
  let counted = 0;
  instruments.onScrape(() => {
    const now = count();
    workers.set({ state: 'wanted' }, now.wanted);
    workers.set({ state: 'ready' }, now.ready);
    restarts.inc(now.restarts - counted);
    counted = now.restarts;
  });
}
