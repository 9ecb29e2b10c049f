import type { AuditEvent } from './api-types.ts';
import { h, type Child } from './dom.ts';
import { eventWords, isWorrying } from './event-types.ts';
import { ago } from './format.ts';
import { clientLink, userLink } from './links.ts';
import type { Column } from './table.ts';
import { words } from './words.ts';

const labels = words.activity;

/** What is shown of an event wherever events are listed. */
export const EVENT_COLUMNS: readonly Column<AuditEvent>[] = [
  { label: labels.when, cell: (event) => ago(event.occurred_at) },
  {
    label: labels.what,
    kind: 'name',
    cell: ({ type }) => h('span', { class: isWorrying(type) && 'worrying' }, eventWords(type)),
  },
  {
    label: labels.client,
    cell: (event) => event.client_id !== null && clientLink(event.client_id, event.client_name),
  },
  { label: labels.user, cell: (event) => event.user_id !== null && userLink(event.user_id, event.username) },
  { label: labels.by, cell: (event) => actorOf(event) },
  { label: labels.address, cell: (event) => event.remote_address },
];

/** The rest of it, for whoever asks. */
export const DETAIL_COLUMN: Column<AuditEvent> = {
  label: labels.detail,
  cell: ({ detail, request_id: requestId }) => {
    const pairs = Object.entries({ ...detail, ...(requestId !== null && { request: requestId }) });
    if (pairs.length === 0) return null;
    return h(
      'details',
      {},
      h('summary', {}, labels.show),
      h(
        'dl',
        { class: 'pairs' },
        pairs.map(([name, value]) => [h('dt', {}, eventWords(name)), h('dd', {}, detailWords(value))]),
      ),
    );
  },
};

function actorOf({ actor, actor_name: name }: AuditEvent): Child {
  if (actor === null) return null;
  const [kind, id = ''] = actor.split(/:(.*)/s);
  if (kind === 'user') return userLink(id, name);
  return kind === 'client' ? clientLink(id, name) : actor;
}

function detailWords(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
