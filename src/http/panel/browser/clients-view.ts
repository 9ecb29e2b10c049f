import { read, queryOf } from './api.ts';
import type { Client, List } from './api-types.ts';
import { h } from './dom.ts';
import { ago } from './format.ts';
import { clientAddress } from './links.ts';
import { listing } from './listing.ts';
import { pageHead } from './page-head.ts';
import { pill } from './pill.ts';
import { noteQuery, type Visit } from './router.ts';
import { searchBox } from './search-box.ts';
import type { Column } from './table.ts';
import { words } from './words.ts';

const labels = words.clients;

const COLUMNS: readonly Column<Client>[] = [
  {
    label: labels.name,
    kind: 'name',
    cell: (client) => [
      h('a', { href: clientAddress(client.client_id) }, client.client_name),
      h('code', { class: 'under' }, client.client_id),
    ],
  },
  { label: labels.kind, cell: (client) => kindOf(client) },
  { label: labels.scope, cell: ({ scope }) => h('span', { class: 'scope' }, scope) },
  { label: labels.status, cell: (client) => clientPill(client) },
  { label: labels.created, cell: (client) => ago(client.created_at) },
];

/** The list of clients. */
export function clientsView({ query, signal }: Visit): HTMLElement {
  let search = query.get('search') ?? '';
  const list = listing<Client>({
    caption: labels.title,
    columns: COLUMNS,
    signal,
    load: (cursor, during) => read<List<Client>>('/clients', { query: { search, cursor }, signal: during }),
    empty: () =>
      search === ''
        ? [h('p', {}, labels.none), h('a', { class: 'button', href: '/admin/clients/new' }, labels.add)]
        : h('p', {}, labels.notFound(search)),
  });
  const box = searchBox(labels.search, search, (text) => {
    search = text.trim();
    noteQuery(queryOf({ search }));
    void list.reload();
  });
  return h(
    'div',
    {},
    pageHead(labels.title, h('a', { class: 'button', href: '/admin/clients/new' }, labels.add)),
    h('div', { class: 'filters' }, box),
    list.element,
  );
}

/** Whether the client may ask for tokens. */
export function clientPill(client: Client): HTMLElement {
  return client.disabled_at === null ? pill('good', labels.enabled) : pill('bad', labels.disabled);
}

/** What sort of client it is, in two words. */
export function kindOf(client: Client): string {
  const kind = client.token_endpoint_auth_method === 'none' ? labels.public : labels.confidential;
  return client.first_party ? `${kind}, ${labels.firstParty}` : kind;
}
