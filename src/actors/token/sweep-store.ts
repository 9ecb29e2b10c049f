import type { Queries, Statement } from '../../database/database.ts';
import { StatementFailed } from '../../database/faults.ts';
import { LOCKS } from '../../database/locks.ts';
import { expiredPartitions, neededPartitions } from './partitions.ts';

/** Rows deleted by one statement, so that no sweep holds many locks for long. */
const GRANTS_PER_STATEMENT = 1000;

/** Tells what this sweep detached, and was interrupted before it could drop it, from what somebody detached to keep. */
const MARK = 'Expired: Stagedoor drops this table.';

/** `pending`: half detached, by a sweep that was interrupted. `detached`: wholly, and marked to be dropped. */
interface PartitionRow {
  name: string;
  state: 'attached' | 'pending' | 'detached';
}

const LIST_PARTITIONS: Statement = {
  name: 'partitions_list',
  sql: `
    select child.relname as name,
      case when inhrelid is null then 'detached' when inhdetachpending then 'pending' else 'attached' end as state
    from pg_class child
    left join pg_inherits on inhrelid = child.oid and inhparent = 'access_tokens'::regclass
    where child.relkind = 'r' and child.relname like 'access\\_tokens\\_%'
      and child.relnamespace = (select relnamespace from pg_class where oid = 'access_tokens'::regclass)
      and (inhrelid is not null or obj_description(child.oid, 'pg_class') = '${MARK}')
    order by inhdetachpending desc nulls last, name`,
};

const DELETE_EXPIRED_GRANTS = {
  name: 'grants_delete_expired',
  sql: `
    delete from grants where id in (
      select id from grants where expires_at < ?::timestamptz order by expires_at limit ${GRANTS_PER_STATEMENT}
      for update skip locked
    ) returning id`,
};

// What a statement says of a partition that another replica was faster to detach: it is pending, it is no partition, it is gone.
const DONE_BY_ANOTHER = ['55000', '42P01'];

/** The TokenActor's housekeeping: partitions come and go with the days, expired grants go in small steps. */
export class TokenSweepStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Makes the partitions that the coming days need. `wait`: come back only when they exist. */
  async ensurePartitions(now: Date, mode: 'wait' | 'skip'): Promise<void> {
    await this.#queries.exclusively(LOCKS.tokenPartitions, mode, async (queries) => {
      const existing = await listPartitions(queries, 'attached');
      for (const { name, from, to } of neededPartitions(now)) {
        if (existing.includes(name)) continue;
        // Made apart and then attached: that takes a weaker lock on the parent than creating it in place (PostgreSQL, ALTER
        // TABLE), one that no statement on tokens waits for. It is empty, so there is nothing to check for the partition's bounds.
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

  /**
   * Drops the partitions whose tokens have all expired, and no statement on tokens waits for it: a partition is detached first
   * in the way that locks only what is detached, once every transaction that knew it has ended. That takes no transaction, so
   * replicas do not take turns: whoever comes second leaves it. A transaction that does not end in time interrupts it; the
   * next sweep goes on from there.
   */
  async dropPartitions(now: Date): Promise<void> {
    const partitions = await this.#queries.query<PartitionRow>(LIST_PARTITIONS);
    const expired = expiredPartitions(
      partitions.map(({ name }) => name),
      now,
    );
    for (const { name, state } of partitions) {
      if (!expired.includes(name)) continue;
      try {
        await this.#detach(name, state);
        await this.#change('partition_drop', `drop table if exists ${name}`);
      } catch (error) {
        if (!(error instanceof StatementFailed && DONE_BY_ANOTHER.includes(error.sqlState))) throw error;
      }
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

  async #detach(name: string, state: PartitionRow['state']): Promise<void> {
    if (state === 'detached') return;
    if (state === 'pending') {
      await this.#change('partition_detach', `alter table access_tokens detach partition ${name} finalize`);
      return;
    }
    await this.#change('partition_mark', `comment on table ${name} is '${MARK}'`);
    await this.#change('partition_detach', `alter table access_tokens detach partition ${name} concurrently`);
  }

  async #change(name: string, sql: string): Promise<void> {
    await this.#queries.query({ name, oneOff: true, sql });
  }
}

async function listPartitions(
  queries: Pick<Queries, 'query'>,
  wanted: PartitionRow['state'],
): Promise<readonly string[]> {
  const rows = await queries.query<PartitionRow>(LIST_PARTITIONS);
  return rows.filter(({ state }) => state === wanted).map(({ name }) => name);
}
