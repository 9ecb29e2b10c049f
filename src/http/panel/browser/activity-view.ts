import { apiAddress, queryOf, read, type Query } from './api.ts';
import type { AuditEvent, List } from './api-types.ts';
import { h, newId } from './dom.ts';
import { DETAIL_COLUMN, EVENT_COLUMNS } from './event-columns.ts';
import { EVENT_TYPES, eventWords } from './event-types.ts';
import { choiceField } from './fields.ts';
import { clientField, userField } from './holder-field.ts';
import { listing } from './listing.ts';
import { pageHead } from './page-head.ts';
import { noteQuery, type Visit } from './router.ts';
import { words } from './words.ts';

const labels = words.activity;

/** What happened, the youngest first, filtered as the address says. */
export function activityView({ query, signal }: Visit): HTMLElement {
  const exportLink = h(
    'a',
    { class: 'button button-quiet', download: 'stagedoor-activity.ndjson' },
    labels.export,
  );
  const type = choiceField({
    name: 'type',
    label: labels.what,
    value: query.get('type') ?? '',
    options: [['', labels.anything], ...typesWith(query.get('type'))],
  });
  const update = () => {
    noteQuery(queryOf(filter()));
    exportLink.href = apiAddress('/audit-events/export', filter());
    void list.reload();
  };
  const client = clientField(labels.client, query.get('client_id') ?? '', update);
  const user = userField(labels.user, query.get('user_id') ?? '', update);
  const from = timeField(labels.from, query.get('from'), update);
  const until = timeField(labels.until, query.get('until'), update);
  type.control.addEventListener('change', update);
  const filter = (): Query => ({
    type: type.value(),
    client_id: client.value(),
    user_id: user.value(),
    from: from.value(),
    until: until.value(),
  });
  const list = listing<AuditEvent>({
    caption: labels.title,
    columns: [...EVENT_COLUMNS, DETAIL_COLUMN],
    signal,
    load: (cursor, during) =>
      read<List<AuditEvent>>('/audit-events', { query: { ...filter(), cursor }, signal: during }),
    empty: () => h('p', {}, labels.none),
  });
  exportLink.href = apiAddress('/audit-events/export', filter());
  const fields = [type, client, user, from, until].map(({ element }) => element);
  return h(
    'div',
    {},
    pageHead(labels.title, exportLink),
    h('div', { class: 'filters' }, fields),
    list.element,
  );
}

/** A type that this page does not know, but the address names, is one to choose as well. */
function typesWith(asked: string | null): (readonly [string, string])[] {
  const known: readonly string[] = EVENT_TYPES;
  const all = asked === null || asked === '' || known.includes(asked) ? known : [...known, asked];
  return all.map((type) => [type, eventWords(type)] as const);
}

/** A moment: local on the page, UTC in addresses. */
function timeField(label: string, value: string | null, changed: () => void) {
  const id = newId('time');
  const input = h('input', { id, type: 'datetime-local', value: value === null ? '' : toLocal(value) });
  input.addEventListener('change', changed);
  return {
    element: h('div', { class: 'field' }, h('label', { for: id }, label), input),
    value: () => (input.value === '' ? null : new Date(input.value).toISOString()),
  };
}

function toLocal(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}
