import type { Queries, Statement } from './database.ts';

/** Blocks of 8 KiB that an estimate reads at the most, whatever the table's size; below that it is no estimate. */
const MAX_BLOCKS = 1000;

/**
 * Counts rows at a price that has a ceiling. `statement` counts in a TABLESAMPLE SYSTEM of its first binding's percentage:
 * all of a table that is small, some of one that is large.
 */
export async function sampledCount(
  queries: Pick<Queries, 'query'>,
  table: string,
  statement: Statement,
  bindings: readonly unknown[] = [],
): Promise<number> {
  const [size] = await queries.query<{ blocks: number }>(SIZE, [table]);
  const share = Math.min(1, MAX_BLOCKS / Math.max(1, size?.blocks ?? 1));
  const [found] = await queries.query<{ count: number }>(statement, [share * 100, ...bindings]);
  return Math.round((found?.count ?? 0) / share);
}

// A table's partitions, or the table itself where it has none.
const SIZE: Statement = {
  name: 'table_size',
  sql: `
    select coalesce(sum(pg_relation_size(relid)), 0)::float8 / current_setting('block_size')::int as blocks
    from pg_partition_tree(?::regclass) where isleaf`,
};
