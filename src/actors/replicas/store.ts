import type { Queries } from '../../database/database.ts';
import { NEWEST_MIGRATION } from '../../database/migrations.ts';
import type { ActorStats } from '../runtime/protocol.ts';
import type { Durations } from './durations.ts';
import type { Replica } from './messages.ts';
import type { MinuteCount } from './traffic-meter.ts';

const REPORT = {
  name: 'replicas_report',
  sql: `
    insert into replicas (id, name, version, newest_migration, started_at, seen_at, actors)
    values (?::uuid, ?, ?, ?, ?::timestamptz, now(), ?::jsonb)
    on conflict (id) do update set seen_at = excluded.seen_at, actors = excluded.actors`,
};

// What was counted so far, not what came since: to write it twice changes nothing.
const REPORT_MINUTE = {
  name: 'replica_minutes_report',
  sql: `
    insert into replica_minutes (minute, replica_id, requests, errors, durations)
    values (?::timestamptz, ?::uuid, ?::int4, ?::int4, ?::int4[])
    on conflict (minute, replica_id) do update
    set requests = excluded.requests, errors = excluded.errors, durations = excluded.durations`,
};

const LIST = {
  name: 'replicas_list',
  sql: `
    select id, name, version, started_at, seen_at, actors from replicas
    where seen_at > now() - ?::int * interval '1 second' order by started_at, id`,
};

const LIST_MINUTES = {
  name: 'replica_minutes_list',
  sql: `select minute, requests, errors, durations from replica_minutes where minute >= ?::timestamptz`,
};

const DELETE = { name: 'replicas_delete', sql: 'delete from replicas where id = ?::uuid' };

const DELETE_OLD = {
  name: 'replicas_delete_old',
  sql: `
    with old as (delete from replica_minutes where minute < now() - ?::int * interval '1 second')
    delete from replicas where seen_at < now() - ?::int * interval '1 second'`,
};

/** All SQL on replicas and replica_minutes. When a replica was seen is told by the database's clock, the one that all of them share. */
export class ReplicaStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async report({ replicaId, name, version, startedAt, actors }: Replica): Promise<void> {
    await this.#queries.query(REPORT, [
      replicaId,
      name,
      version,
      NEWEST_MIGRATION,
      startedAt,
      JSON.stringify(actors),
    ]);
  }

  async reportMinute(replicaId: string, { minute, requests, errors, durations }: MinuteCount): Promise<void> {
    await this.#queries.query(REPORT_MINUTE, [minute, replicaId, requests, errors, durations]);
  }

  /** Those that were seen within this time, the oldest first. */
  async list(seconds: number): Promise<readonly Replica[]> {
    const rows = await this.#queries.query<{
      id: string;
      name: string;
      version: string;
      started_at: Date;
      seen_at: Date;
      actors: ActorStats[];
    }>(LIST, [seconds]);
    return rows.map((row) => ({
      replicaId: row.id,
      name: row.name,
      version: row.version,
      startedAt: row.started_at,
      seenAt: row.seen_at,
      actors: row.actors,
    }));
  }

  /** The counts of all replicas from a minute on. */
  async listMinutes(
    from: Date,
  ): Promise<readonly { minute: Date; requests: number; errors: number; durations: Durations }[]> {
    return this.#queries.query(LIST_MINUTES, [from]);
  }

  async delete(replicaId: string): Promise<void> {
    await this.#queries.query(DELETE, [replicaId]);
  }

  /** Deletes what is older than this, which nobody looks at any more. */
  async deleteOld(seconds: number): Promise<void> {
    await this.#queries.query(DELETE_OLD, [seconds, seconds]);
  }
}
