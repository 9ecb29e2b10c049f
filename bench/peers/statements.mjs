import { connect } from '../database.mjs';

/**
 * Opens a look at the statements that a database has executed so far, by their text.
 * @param {string} databaseUrl
 */
export async function countStatements(databaseUrl) {
  const url = new URL(databaseUrl);
  const [, database] = url.pathname.split('/');
  url.pathname = '/postgres'; // where pg_stat_statements is
  const client = await connect(url.href);
  const counts = async () => {
    const { rows } = await client.query(
      `select query, sum(calls)::int as calls from pg_stat_statements
       where dbid = (select oid from pg_database where datname = $1) group by query`,
      [database],
    );
    return new Map(rows.map(({ query, calls }) => [query.replaceAll(/\s+/g, ' ').trim(), calls]));
  };
  return { counts, end: () => client.end() };
}

/**
 * What was executed between two looks, most often first.
 * @param {ReadonlyMap<string, number>} before
 * @param {ReadonlyMap<string, number>} after
 * @returns {[query: string, calls: number][]}
 */
export function differences(before, after) {
  return [...after]
    .map(([query, calls]) => [query.slice(0, 110), calls - (before.get(query) ?? 0)])
    .filter(([, calls]) => calls > 0)
    .sort(([, a], [, b]) => b - a);
}
