import type { User } from './api-types.ts';
import { h } from './dom.ts';
import { ago } from './format.ts';
import { userAddress } from './links.ts';
import { pill } from './pill.ts';
import type { Visit } from './router.ts';
import { searchableList } from './searchable-list.ts';
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
export function usersView(visit: Visit): HTMLElement {
  return searchableList<User>(visit, {
    title: labels.title,
    searchLabel: labels.search,
    path: '/users',
    columns: COLUMNS,
    add: addLink,
    empty: (search) => h('p', {}, search === '' ? labels.none : labels.notFound(search)),
  });
}

function addLink(): HTMLElement {
  return h('a', { class: 'button', href: '/admin/users/new' }, labels.add);
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
