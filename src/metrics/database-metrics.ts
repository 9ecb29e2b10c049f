import type { PoolStats, StatementObserver } from '../database/database.ts';
import type { Instruments } from './instruments.ts';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Counts statements by the kind of actor that sent them (its instances share a store) and their name. */
export function databaseMetrics(instruments: Instruments): StatementObserver {
  const queries = instruments.tally(
    'db_queries_total',
    'SQL statements; failed: for the storage’s fault or a bug’s, not for what the caller sent',
    ['actor', 'statement', 'outcome'],
    ['ok', 'failed'],
  );
  const durations = instruments.distribution(
    'db_query_duration_seconds',
    'How long a statement took, the wait for a connection included',
    ['actor', 'statement'],
    SECONDS,
  );
  return (actor, statement, durationMs, failed) => {
    queries.of(actor, statement, failed ? 'failed' : 'ok').add();
    durations.of(actor, statement).observe(durationMs / 1000);
  };
}

/** Shows the connection pool at the time of the scrape. */
export function watchPool(instruments: Instruments, stats: () => PoolStats): void {
  const connections = instruments.gauge('db_pool_connections', 'Connections of the pool', ['state']);
  const waiting = instruments.gauge('db_pool_waiting', 'Statements that wait for a connection');
  const limit = instruments.gauge('db_pool_limit', 'Connections that the pool may have');
  instruments.onScrape(() => {
    const pool = stats();
    connections.set({ state: 'used' }, pool.used);
    connections.set({ state: 'free' }, pool.free);
    waiting.set(pool.waiting);
    limit.set(pool.limit);
  });
}
