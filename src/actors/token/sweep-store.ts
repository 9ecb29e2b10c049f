import type { Queries, Statement } from '../../database/database.ts';
import { StatementFailed } from '../../database/faults.ts';
import { LOCKS } from '../../database/locks.ts';
import { expiredPartitions, neededPartitions } from './partitions.ts';
import { dayOf } from './statements.ts';

/** Rows deleted by one statement, so that no sweep holds many locks for long. */
const ROWS_PER_STATEMENT = 1000;

/** Old revocations that one sweep looks at, each with a few look-ups; the next goes on after them. */
const REVOCATIONS_PER_SWEEP = 10 * ROWS_PER_STATEMENT;

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

// A day may be too early: unknown yet, or left behind by a replica of the version before. Such a grant only gets its day.
const DELETE_EXPIRED_GRANTS: Statement = {
  name: 'grants_delete_expired',
  sql: `
    with due as (
      select id, expires_at < ?::timestamptz as has_expired from grants
      where expires_on < ${dayOf('?::timestamptz')} order by expires_on limit ${ROWS_PER_STATEMENT}
      for update skip locked
    ), postponed as (
      update grants set expires_on = ${dayOf('expires_at')}
      where id = any(array(select id from due where not has_expired))
    ), deleted as (
      delete from grants where id = any(array(select id from due where has_expired))
    )
    select 1 from due`,
};

// Nothing that it revokes is left, and nothing as old can come.
const PRUNE_REVOCATIONS: Statement = {
  name: 'revocations_prune',
  sql: `
    with old as (
      select subject, issued_until,
        case when subject like 'client:%' then substr(subject, 8) end as client_id,
        case when subject like 'user:%' then substr(subject, 6)::uuid end as user_id
      from revocations
      where issued_until < ?::timestamptz and (issued_until, subject) > (?::timestamptz, ?)
      order by issued_until, subject limit ${ROWS_PER_STATEMENT}
      for update skip locked
    ), pruned as (
      delete from revocations where subject = any(array(
        select subject from old
        where not exists (select from grants where client_id = old.client_id and created_at <= issued_until offset 0)
          and not exists (select from grants where user_id = old.user_id and created_at <= issued_until offset 0)
          and not exists (select from access_tokens where client_id = old.client_id and issued_at <= issued_until offset 0)
          and not exists (select from access_tokens where user_id = old.user_id and issued_at <= issued_until offset 0)
      ))
    )
    select issued_until, subject from old order by issued_until, subject`,
};

// What a statement says of a partition that another replica was faster to detach: it is pending, it is no partition, it is gone.
const DONE_BY_ANOTHER = ['55000', '42P01'];

const BEFORE_ALL_REVOCATIONS = { issuedUntil: new Date(0), subject: '' };

/** The TokenActor's housekeeping: partitions come and go with the days, expired grants go in small steps. */
export class TokenSweepStore {
  readonly #queries: Queries;
  #lastRevocation = BEFORE_ALL_REVOCATIONS;

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
        queries.query(DELETE_EXPIRED_GRANTS, [before, before]),
      );
      if ((deleted?.length ?? 0) < ROWS_PER_STATEMENT) return;
    }
  }

  /** Deletes revocations from before the given time that revoke nothing any more, since all of it has expired and is gone. */
  async pruneRevocations(before: Date): Promise<void> {
    for (let seen = 0; seen < REVOCATIONS_PER_SWEEP; seen += ROWS_PER_STATEMENT) {
      const { issuedUntil, subject } = this.#lastRevocation;
      const rows = await this.#queries.exclusively(LOCKS.revocationSweep, 'skip', (queries) =>
        queries.query<{ issued_until: Date; subject: string }>(PRUNE_REVOCATIONS, [
          before,
          issuedUntil,
          subject,
        ]),
      );
      const last = rows?.[ROWS_PER_STATEMENT - 1];
      this.#lastRevocation = last
        ? { issuedUntil: last.issued_until, subject: last.subject }
        : BEFORE_ALL_REVOCATIONS;
      if (!last) return;
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
