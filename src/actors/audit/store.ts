import type { Queries } from '../../database/database.ts';
import type { AuditEvent, AuditEventType, RecordedEvent } from './messages.ts';

/** An event with the time it happened. */
export interface DatedEvent {
  readonly occurredAt: Date;
  readonly event: AuditEvent;
}

const INSERT = {
  name: 'audit_insert',
  sql: `
    insert into audit_events (occurred_at, type, client_id, user_id, remote_address, request_id, detail)
    select to_timestamp(at), type, client_id, user_id, remote_address, request_id, detail::jsonb
    from unnest(?::float8[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[])
      as event (at, type, client_id, user_id, remote_address, request_id, detail)`,
};

const LIST = {
  name: 'audit_list',
  sql: `
    select id::text, occurred_at, type, client_id, user_id, remote_address, request_id, detail
    from audit_events order by occurred_at desc, id desc limit ?`,
};

interface Row {
  id: string;
  occurred_at: Date;
  type: AuditEventType;
  client_id: string | null;
  user_id: string | null;
  remote_address: string | null;
  request_id: string | null;
  detail: NonNullable<AuditEvent['detail']>;
}

/** All SQL on audit_events. */
export class AuditStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async insert(events: readonly DatedEvent[]): Promise<readonly undefined[]> {
    await this.#queries.query(INSERT, [
      events.map(({ occurredAt }) => occurredAt.getTime() / 1000),
      events.map(({ event }) => event.type),
      events.map(({ event }) => event.clientId ?? null),
      events.map(({ event }) => event.userId ?? null),
      events.map(({ event }) => event.caller.remoteAddress),
      events.map(({ event }) => event.caller.requestId),
      events.map(({ event }) => JSON.stringify(event.detail ?? {})),
    ]);
    return events.map(() => undefined);
  }

  /** The latest events, the youngest first. */
  async list(limit: number): Promise<readonly RecordedEvent[]> {
    const rows = await this.#queries.query<Row>(LIST, [limit]);
    return rows.map((row) => ({
      id: row.id,
      occurredAt: row.occurred_at,
      type: row.type,
      caller: { requestId: row.request_id, remoteAddress: row.remote_address },
      detail: row.detail,
      ...(row.client_id !== null && { clientId: row.client_id }),
      ...(row.user_id !== null && { userId: row.user_id }),
    }));
  }
}
