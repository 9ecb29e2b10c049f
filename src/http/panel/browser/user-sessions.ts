import { actButton } from './acts.ts';
import { read, send } from './api.ts';
import type { List, Session } from './api-types.ts';
import { h } from './dom.ts';
import { ago } from './format.ts';
import { card } from './page-head.ts';
import { section } from './section.ts';
import { table, type Column } from './table.ts';
import { words } from './words.ts';

const labels = words.sessions;

/** Where the person is signed in. */
export function userSessions(userPath: string, signal: AbortSignal): HTMLElement {
  const path = `${userPath}/sessions`;
  const reload = () => void list.reload();
  const list = section<Pick<List<Session>, 'items'>>({
    signal,
    load: () => read(path, { signal }),
    render: ({ items }) =>
      items.length === 0
        ? h('p', { class: 'empty' }, labels.none)
        : [table(labels.title, columns(path, reload), items).element, endAll(path, reload)],
  });
  return card(labels.title, list.element);
}

function columns(path: string, reload: () => void): Column<Session>[] {
  return [
    {
      label: labels.browser,
      kind: 'name',
      cell: (session) => h('span', { title: session.user_agent }, browserOf(session.user_agent)),
    },
    { label: labels.address, cell: (session) => session.remote_address ?? words.none },
    { label: labels.since, cell: (session) => ago(session.authenticated_at) },
    { label: labels.seen, cell: (session) => ago(session.last_seen_at) },
    {
      label: labels.acts,
      kind: 'acts',
      cell: (session) =>
        actButton(
          {
            ...labels.end,
            act: async () => {
              await send('DELETE', `${path}/${encodeURIComponent(session.session_id)}`);
            },
            after: reload,
          },
          'small',
        ),
    },
  ];
}

function endAll(path: string, reload: () => void): HTMLElement {
  const button = actButton({
    ...labels.endAll,
    dangerous: true,
    act: async () => {
      await send('DELETE', path);
    },
    after: reload,
  });
  return h('div', { class: 'acts' }, button);
}

/** The part of a user agent that a person knows, such as "Firefox on Linux". */
function browserOf(userAgent: string | null): string {
  if (userAgent === null) return labels.unknown;
  const browser = /(Edg|OPR|Firefox|HeadlessChrome|Chrome|Safari|curl)\//.exec(userAgent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(userAgent)?.[1];
  if (browser === undefined) return userAgent.slice(0, 40);
  return labels.on(labels.browsers[browser] ?? browser, system);
}
