import { queryOf, read } from './api.ts';
import type { List, User } from './api-types.ts';
import { h } from './dom.ts';
import { ago } from './format.ts';
import { userAddress } from './links.ts';
import { listing } from './listing.ts';
import { pageHead } from './page-head.ts';
import { pill } from './pill.ts';
import { noteQuery, type Visit } from './router.ts';
import { searchBox } from './search-box.ts';
import type { Column } from './table.ts';
import { words } from './words.ts';

const labels = words.users;

const COLUMNS: readonly Column<User>[] = [
  {
    label: labels.username,
    kind: 'name',
    cell: (user) => [
      h('a', { href: userAddress(user.user_id) }, user.username),
      user.name !== null && h('span', { class: 'under' }, user.name),
    ],
  },
  { label: labels.email, cell: (user) => user.email ?? h('span', { class: 'soft' }, words.none) },
  { label: labels.role, cell: (user) => roleOf(user) },
  { label: labels.status, cell: (user) => userPill(user) },
  { label: labels.created, cell: (user) => ago(user.created_at) },
];

/** The list of users. */
export function usersView({ query, signal }: Visit): HTMLElement {
  let search = query.get('search') ?? '';
  const list = listing<User>({
    caption: labels.title,
    columns: COLUMNS,
    signal,
    load: (cursor, during) => read<List<User>>('/users', { query: { search, cursor }, signal: during }),
    empty: () => h('p', {}, search === '' ? labels.none : labels.notFound(search)),
  });
  const box = searchBox(labels.search, search, (text) => {
    search = text.trim();
    noteQuery(queryOf({ search }));
    void list.reload();
  });
  return h(
    'div',
    {},
    pageHead(labels.title, h('a', { class: 'button', href: '/admin/users/new' }, labels.add)),
    h('div', { class: 'filters' }, box),
    list.element,
  );
}

/** Whether the person may sign in. */
export function userPill(user: User): HTMLElement {
  if (user.disabled_at !== null) return pill('bad', labels.disabled);
  return isLocked(user) ? pill('wait', labels.locked) : pill('good', labels.enabled);
}

/** Whether too many wrong passwords keep the person out for now. */
export function isLocked({ locked_until: until }: User): boolean {
  return until !== null && new Date(until).getTime() > Date.now();
}

/** What the person may do here. */
export function roleOf({ roles }: User): string {
  return roles.includes('admin') ? labels.admin : labels.person;
}
