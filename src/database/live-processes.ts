import type { Knex } from 'knex';

/** A process reports every ten seconds; one that has not for this long is gone. */
const LIVE_SECONDS = 45;

/** How many processes of this server report to the database. */
export async function liveProcesses(knex: Knex): Promise<number> {
  const { rows } = (await knex.raw(
    `select count(*)::int as count from replicas where seen_at > now() - ?::int * interval '1 second'`,
    [LIVE_SECONDS],
  )) as { rows: [{ count: number }] };
  return rows[0].count;
}
