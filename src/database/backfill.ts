import type { MigrationSession } from './migration-session.ts';
import type { Run } from './patience.ts';
import { plain } from './statement-forms.ts';

/** Pages of the table that one transaction goes through: some thousand rows, whose locks it holds for as long. */
const PAGES = 16;

/**
 * Runs an update over the whole table in small transactions, page by page, so that each page is read once. A row that was changed
 * meanwhile may have moved to a page that was done already: so again, until there is nothing left.
 */
export async function fillBlocks(session: MigrationSession, sql: string, inAHurry: Run): Promise<void> {
  const table = /^update (\w+)/.exec(plain(sql))?.[1] ?? '';
  let changed = Infinity;
  while (changed > 0) {
    changed = 0;
    const pages = await pagesOf(session, table);
    for (let page = 0; page < pages; page += PAGES) {
      const range = `ctid >= '(${page},0)'::tid and ctid < '(${page + PAGES},0)'::tid`;
      changed += await inAHurry([`${sql} and ${range} returning 1`]);
    }
  }
}

/** Those of the largest partition, where there are several: each has pages of its own, and the statement is about them all. */
async function pagesOf(session: MigrationSession, table: string): Promise<number> {
  const [row] = await session.rows<{ pages: number }>(`
    select coalesce(max(pg_relation_size(relid)), pg_relation_size('${table}'))::float8
      / current_setting('block_size')::int as pages
    from pg_partition_tree('${table}')`);
  return row?.pages ?? 0;
}
