import type { Queries, Statement } from '../../database/database.ts';
import { pageBindings, pageOf, type Page, type PageRequest } from '../paging.ts';
import type { Actor, AuditEvent, AuditEventType, AuditFilter, RecordedEvent } from './messages.ts';

/** An event with the time it happened. */
export interface DatedEvent {
  readonly occurredAt: Date;
  readonly event: AuditEvent;
}

const INSERT = {
  name: 'audit_insert',
  sql: `
    insert into audit_events (occurred_at, type, client_id, user_id, remote_address, request_id, actor, detail)
    select to_timestamp(at), type, client_id, user_id, remote_address, request_id, actor, detail::jsonb
    from unnest(?::float8[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[])
      as event (at, type, client_id, user_id, remote_address, request_id, actor, detail)`,
};

/** The filters in the order of their bindings. A statement for each set of them, because one plan for all could use no index. */
const CONDITIONS = {
  type: 'type = ?',
  clientId: 'client_id = ?',
  userId: 'user_id = ?::uuid',
  from: 'occurred_at >= ?::timestamptz',
  until: 'occurred_at < ?::timestamptz',
} as const satisfies Record<keyof AuditFilter, string>;

type Condition = keyof typeof CONDITIONS;

function listBy(conditions: readonly Condition[]): Statement {
  const filters = conditions.map((condition) => `${CONDITIONS[condition]} and `).join('');
  return {
    name: ['audit_list', ...conditions.map((condition) => condition.toLowerCase())].join('_'),
    sql: `
      select id::text, occurred_at, type, client_id, user_id, remote_address, request_id, actor, detail
      from audit_events where ${filters}(occurred_at, id) < (?::timestamptz, ?::int8)
      order by occurred_at desc, id desc limit ?`,
  };
}

/** Above every id. */
const LAST_ID = '9223372036854775807';

interface Row {
  id: string;
  occurred_at: Date;
  type: AuditEventType;
  client_id: string | null;
  user_id: string | null;
  remote_address: string | null;
  request_id: string | null;
  actor: Actor | null;
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
      events.map(({ event }) => event.caller.actor ?? null),
      events.map(({ event }) => JSON.stringify(event.detail ?? {})),
    ]);
    return events.map(() => undefined);
  }

  /** The youngest first. */
  async list(filter: AuditFilter, page: PageRequest): Promise<Page<RecordedEvent>> {
    const conditions = (Object.keys(CONDITIONS) as Condition[]).filter((name) => filter[name] !== null);
    const bindings = [...conditions.map((name) => filter[name]), ...pageBindings(page, LAST_ID)];
    const rows = await this.#queries.query<Row>(listBy(conditions), bindings);
    return pageOf(rows, page, eventOf, ({ occurredAt, id }) => ({ at: occurredAt, id }));
  }
}

function eventOf(row: Row): RecordedEvent {
  return {
    id: row.id,
    occurredAt: row.occurred_at,
    type: row.type,
    caller: {
      requestId: row.request_id,
      remoteAddress: row.remote_address,
      ...(row.actor !== null && { actor: row.actor }),
    },
    detail: row.detail,
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.user_id !== null && { userId: row.user_id }),
  };
}
