import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import { expiredPartitions, neededPartitions } from './partitions.ts';

/** Rows deleted by one statement, so that no sweep holds many locks for long. */
const GRANTS_PER_STATEMENT = 1000;

const LIST_PARTITIONS = {
  name: 'partitions_list',
  sql: `
    select child.relname as name
    from pg_inherits join pg_class child on child.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = 'access_tokens'::regclass`,
};

const DELETE_EXPIRED_GRANTS = {
  name: 'grants_delete_expired',
  sql: `
    delete from grants where id in (
      select id from grants where expires_at < ?::timestamptz order by expires_at limit ${GRANTS_PER_STATEMENT}
      for update skip locked
    ) returning id`,
};

/** The TokenActor's housekeeping: partitions come and go with the days, expired grants go in small steps. */
export class TokenSweepStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Makes the partitions that the coming days need. `wait`: come back only when they exist. */
  async ensurePartitions(now: Date, mode: 'wait' | 'skip'): Promise<void> {
    await this.#queries.exclusively(LOCKS.tokenPartitions, mode, async (queries) => {
      const existing = await listPartitions(queries);
      for (const { name, from, to } of neededPartitions(now)) {
        if (existing.includes(name)) continue;
        // Made apart and then attached: that takes a weaker lock on the parent than creating it in place (PostgreSQL, ALTER TABLE).
        await queries.query({
          name: 'partition_create',
          oneOff: true,
          sql: `create table ${name} (like access_tokens including defaults including constraints)`,
        });
        await queries.query({
          name: 'partition_attach',
          oneOff: true,
          sql: `alter table access_tokens attach partition ${name} for values from ('${from.toISOString()}') to ('${to.toISOString()}')`,
        });
      }
    });
  }

  /** Drops the partitions whose tokens have all expired; gives up at once rather than make the token path wait. */
  async dropPartitions(now: Date): Promise<void> {
    for (const name of expiredPartitions(await listPartitions(this.#queries), now)) {
      await this.#queries.exclusively(LOCKS.tokenPartitions, 'skip', async (queries) => {
        await queries.query({ name: 'partition_lock_timeout', sql: `set local lock_timeout = '100ms'` });
        await queries.query({ name: 'partition_drop', oneOff: true, sql: `drop table if exists ${name}` });
      });
    }
  }

  /** Deletes expired grants; they stay past their expiry as long as an access token of theirs may live. */
  async deleteExpiredGrants(before: Date): Promise<void> {
    for (;;) {
      const deleted = await this.#queries.exclusively(LOCKS.grantSweep, 'skip', (queries) =>
        queries.query(DELETE_EXPIRED_GRANTS, [before]),
      );
      if ((deleted?.length ?? 0) < GRANTS_PER_STATEMENT) return;
    }
  }
}

async function listPartitions(queries: Pick<Queries, 'query'>): Promise<readonly string[]> {
  const rows = await queries.query<{ name: string }>(LIST_PARTITIONS);
  return rows.map((row) => row.name);
}
