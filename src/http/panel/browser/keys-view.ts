import { actButton } from './acts.ts';
import { read, send } from './api.ts';
import type { Key, KeyRotation, List } from './api-types.ts';
import { h } from './dom.ts';
import { exact, shortId } from './format.ts';
import { pageHead } from './page-head.ts';
import { pill, type Tone } from './pill.ts';
import type { Visit } from './router.ts';
import { section } from './section.ts';
import { table, type Column } from './table.ts';
import { words } from './words.ts';

const labels = words.keys;
const TONES: Readonly<Record<Key['state'], Tone>> = { next: 'wait', current: 'good', retired: 'plain' };

const columns = (reload: () => void): readonly Column<Key>[] => [
  { label: labels.key, kind: 'name', cell: (key) => shortId(key.kid) },
  { label: labels.algorithm, cell: (key) => key.algorithm },
  { label: labels.state, cell: ({ state }) => pill(TONES[state], labels.states[state]) },
  { label: labels.created, cell: (key) => exact(key.created_at) },
  { label: labels.activates, cell: (key) => exact(key.activates_at) },
  { label: labels.expires, cell: (key) => exact(key.expires_at, labels.inUse) },
  { label: labels.acts, kind: 'acts', cell: (key) => revokeButton(key, reload) },
];

/** The keys that sign tokens. */
export function keysView({ signal }: Visit): HTMLElement {
  const list = section<Pick<List<Key>, 'items'>>({
    signal,
    load: () => read('/keys', { signal }),
    render: ({ items }) =>
      items.length === 0
        ? h('p', { class: 'empty' }, labels.none)
        : table(labels.title, columns(reload), items).element,
  });
  const reload = () => void list.reload();
  let made = 0;
  const rotate = actButton({
    ...labels.rotate,
    act: async () => {
      made = (await send<KeyRotation>('POST', '/keys/rotate', { body: {} })).value.made.length;
    },
    done: () => (made > 0 ? labels.rotated : labels.waits),
    after: reload,
  });
  return h('div', {}, pageHead(labels.title, rotate), h('p', { class: 'lead' }, labels.lead), list.element);
}

/** For a key that has leaked. */
function revokeButton({ kid }: Key, after: () => void): HTMLElement {
  const { body, ...question } = labels.revoke;
  return actButton(
    {
      ...question,
      body: body(kid),
      dangerous: true,
      act: async () => {
        await send('POST', `/keys/${encodeURIComponent(kid)}/revoke`, { body: { invalidate_tokens: true } });
      },
      after,
    },
    'small',
  );
}
