import { actButton } from './acts.ts';
import { announce } from './announce.ts';
import { read, send } from './api.ts';
import type { List, NewSecret, Secret } from './api-types.ts';
import { ask, reveal } from './dialog.ts';
import { h } from './dom.ts';
import { choiceField } from './fields.ts';
import { ago, exact, shortId } from './format.ts';
import { card } from './page-head.ts';
import { pill } from './pill.ts';
import { section } from './section.ts';
import { table, type Column } from './table.ts';
import { words } from './words.ts';

const labels = words.secrets;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const LIFETIMES = [
  ['', labels.never],
  [String(30 * DAY_MS), labels.days(30)],
  [String(90 * DAY_MS), labels.days(90)],
  [String(365 * DAY_MS), labels.days(365)],
] as const;
const OTHERS = [
  ['', labels.othersStay],
  ['0', labels.othersNow],
  [String(HOUR_MS), labels.othersHour],
  [String(DAY_MS), labels.othersDays(1)],
  [String(7 * DAY_MS), labels.othersDays(7)],
] as const;

/** The client's secrets. Several may be live, so that a change of secret needs no downtime. */
export function clientSecrets(clientPath: string, signal: AbortSignal): HTMLElement {
  const path = `${clientPath}/secrets`;
  const list = section<Pick<List<Secret>, 'items'>>({
    signal,
    load: () => read(path, { signal }),
    render: ({ items }) =>
      items.length === 0
        ? h('p', { class: 'empty' }, labels.none)
        : table(
            labels.title,
            columns(path, () => void list.reload()),
            items,
          ).element,
  });
  const add = h('button', { type: 'button', class: 'button button-quiet button-small' }, labels.add);
  add.addEventListener(
    'click',
    () => void addSecret(path).then((added) => (added ? list.reload() : undefined)),
  );
  return card(labels.title, h('div', { class: 'card-acts' }, add), list.element);
}

function columns(path: string, reload: () => void): Column<Secret>[] {
  return [
    { label: labels.secret, kind: 'name', cell: (secret) => shortId(secret.secret_id) },
    {
      label: labels.status,
      cell: ({ live }) => (live ? pill('good', labels.live) : pill('plain', labels.expired)),
    },
    { label: labels.created, cell: (secret) => ago(secret.created_at) },
    { label: labels.lastUsed, cell: (secret) => ago(secret.last_used_at, labels.neverUsed) },
    { label: labels.expires, cell: (secret) => exact(secret.expires_at, labels.never) },
    {
      label: labels.acts,
      kind: 'acts',
      cell: (secret) =>
        secret.live &&
        actButton(
          {
            ...labels.expire,
            dangerous: true,
            act: async () => {
              await send('POST', `${path}/${encodeURIComponent(secret.secret_id)}/expire`, { body: {} });
            },
            after: reload,
          },
          'small',
        ),
    },
  ];
}

async function addSecret(path: string): Promise<boolean> {
  const lifetime = choiceField({ name: 'expires_at', label: labels.lifetime, options: LIFETIMES });
  const others = choiceField({
    name: 'others_expire_at',
    label: labels.others,
    hint: labels.othersHint,
    options: OTHERS,
  });
  let made: NewSecret | undefined;
  const isDone = await ask({
    title: labels.addTitle,
    body: [lifetime.element, others.element],
    confirm: labels.make,
    act: async () => {
      const body = { expires_at: fromNow(lifetime.value()), others_expire_at: fromNow(others.value()) };
      made = (await send<NewSecret>('POST', path, { body })).value;
    },
  });
  if (!isDone || !made) return false;
  const { secretTitle: title, secret: label, secretHint: hint } = words.newClient;
  await reveal({ title, label, hint, secret: made.client_secret });
  announce(labels.added);
  return true;
}

function fromNow(ms: string): string | null {
  return ms === '' ? null : new Date(Date.now() + Number(ms)).toISOString();
}
