import { z } from 'zod';
import { AUDIT_EVENT_TYPES, type AuditFilter, type RecordedEvent } from '../../actors/audit/messages.ts';
import type { Position } from '../../actors/paging.ts';
import { names, namesFor, type Involved } from './names.ts';
import { operation, type OperationTools } from './operation.ts';
import { listBody, listOf, pageQuery, pageRequest } from './paging.ts';
import { clientId, date, formatTime, time, uuid } from './values.ts';

/** Rows that the export reads at once. */
const EXPORT_PAGE = 1000;

const auditEvent = z
  .object({
    id: z.string(),
    occurred_at: time,
    type: z.enum(AUDIT_EVENT_TYPES),
    client_id: z.string().nullable(),
    ...names,
    user_id: uuid.nullable(),
    actor: z
      .string()
      .nullable()
      .meta({ description: 'The admin or client that did it to somebody else: user:… or client:…' }),
    actor_name: z.string().nullable().meta({ description: 'Null: nobody has that id any more' }),
    remote_address: z.string().nullable(),
    request_id: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' });

const filters = {
  type: z.enum(AUDIT_EVENT_TYPES).optional(),
  client_id: clientId.optional(),
  user_id: uuid.optional(),
  from: date.optional().meta({ description: 'From then on' }),
  until: date.optional().meta({ description: 'Before then' }),
};

const filterQuery = z.object(filters);
const tag = 'Audit';

export const auditOperations = [
  operation({
    id: 'listAuditEvents',
    method: 'get',
    path: '/audit-events',
    tag,
    summary: 'List audit events, the youngest first',
    query: z.object({ ...pageQuery('number'), ...filters }),
    success: { status: 200, description: 'A page of the list', schema: listOf(auditEvent, 'AuditEventList') },
    handle: async ({ actors, query }) => {
      const page = pageRequest(query);
      const found = await actors.audit.ask({ type: 'list', filter: filterOf(query), page });
      return { body: listBody(found, await bodiesFor(actors, found.items)) };
    },
  }),
  operation({
    id: 'exportAuditEvents',
    method: 'get',
    path: '/audit-events/export',
    tag,
    summary: 'Export audit events, one line of JSON for each',
    query: filterQuery,
    success: {
      status: 200,
      description: 'The events, the youngest first',
      contentType: 'application/x-ndjson',
      schema: auditEvent,
    },
    handle: async ({ actors, query }) => {
      const filter = filterOf(query);
      // Asked for before the answer begins, so that a fault still has a status.
      const first = await exportPage(actors, filter, null);
      return { body: allEvents(actors, filter, first) as never };
    },
  }),
];

async function* allEvents(
  actors: OperationTools['actors'],
  filter: AuditFilter,
  first: Awaited<ReturnType<typeof exportPage>>,
): AsyncGenerator<z.input<typeof auditEvent>> {
  let page = first;
  for (;;) {
    yield* page.items.map(await bodiesFor(actors, page.items));
    if (page.next === null) return;
    page = await exportPage(actors, filter, page.next);
  }
}

function exportPage({ audit }: OperationTools['actors'], filter: AuditFilter, after: Position | null) {
  return audit.ask({ type: 'list', filter, page: { limit: EXPORT_PAGE, after } });
}

function filterOf(query: z.output<typeof filterQuery>): AuditFilter {
  return {
    type: query.type ?? null,
    clientId: query.client_id ?? null,
    userId: query.user_id ?? null,
    from: query.from ?? null,
    until: query.until ?? null,
  };
}

/** Looks up the names of all whom the events are about; resolves to how each event is shown. */
async function bodiesFor(
  actors: OperationTools['actors'],
  events: readonly RecordedEvent[],
): Promise<(event: RecordedEvent) => z.input<typeof auditEvent>> {
  const namesOf = await namesFor(actors, [...events, ...events.map(actorOf)]);
  return (event) => {
    const actor = namesOf(actorOf(event));
    return {
      id: event.id,
      occurred_at: formatTime(event.occurredAt),
      type: event.type,
      client_id: event.clientId ?? null,
      user_id: event.userId ?? null,
      ...namesOf(event),
      actor: event.caller.actor ?? null,
      actor_name: actor.username ?? actor.client_name,
      remote_address: event.caller.remoteAddress,
      request_id: event.caller.requestId,
      detail: { ...event.detail },
    };
  };
}

function actorOf({ caller: { actor } }: RecordedEvent): Involved {
  const [kind, id = ''] = actor?.split(':', 2) ?? [];
  if (kind === 'user') return { userId: id };
  return kind === 'client' ? { clientId: id } : {};
}
