import type { Client } from './api-types.ts';
import { h } from './dom.ts';
import { ago } from './format.ts';
import { clientAddress } from './links.ts';
import { pill } from './pill.ts';
import type { Visit } from './router.ts';
import { searchableList } from './searchable-list.ts';
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
export function clientsView(visit: Visit): HTMLElement {
  return searchableList<Client>(visit, {
    title: labels.title,
    searchLabel: labels.search,
    path: '/clients',
    columns: COLUMNS,
    add: addLink,
    empty: (search) =>
      search === '' ? [h('p', {}, labels.none), addLink()] : h('p', {}, labels.notFound(search)),
  });
}

function addLink(): HTMLElement {
  return h('a', { class: 'button', href: '/admin/clients/new' }, labels.add);
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
