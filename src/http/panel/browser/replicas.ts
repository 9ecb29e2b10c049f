import type { ActorState, Overview, Replica } from './api-types.ts';
import { fill, h, setPart } from './dom.ts';
import { ago, formatCount } from './format.ts';
import { card, facts } from './page-head.ts';
import { pill } from './pill.ts';
import { table, type Column } from './table.ts';
import { words } from './words.ts';

const labels = words.replicas;

/** From this part of its limit on, a mailbox is worth a look. */
const FULL_PART = 0.5;
const SILENT_MS = 25_000;

const COLUMNS: readonly Column<ActorState>[] = [
  { label: labels.actor, kind: 'name', cell: ({ name }) => name },
  {
    label: labels.mailbox,
    cell: ({ mailbox_depth: depth, mailbox_limit: limit }) => gauge(depth, limit),
  },
  {
    label: labels.inFlight,
    cell: ({ in_flight: inFlight, concurrency_limit: limit }) => gauge(inFlight, limit),
  },
  { label: labels.restarts, kind: 'number', cell: ({ restarts }) => formatCount(restarts) },
];

/** Each replica with its actors. */
export function replicaCards(element: HTMLElement, replicas: readonly Replica[]): void {
  fill(
    element,
    replicas.length === 0
      ? card(labels.title, h('p', { class: 'empty' }, labels.none))
      : replicas.map(replicaCard),
  );
}

/** Whether the server can serve, and if not, what keeps it. */
export function healthCard({ ready, checks }: Overview['health']): HTMLElement {
  return card(
    labels.health,
    h('p', { class: 'beside' }, ready ? pill('good', labels.ready) : pill('bad', labels.notReady)),
    facts(
      Object.entries(checks).map(([name, state]) => [
        labels.checks[name] ?? name,
        state === 'ok' ? pill('good', labels.ok) : pill('bad', state),
      ]),
    ),
  );
}

function replicaCard(replica: Replica): HTMLElement {
  return h(
    'section',
    { class: 'card' },
    h('div', { class: 'card-head' }, h('h2', {}, replica.name), stateOf(replica)),
    h('p', { class: 'soft fine' }, labels.about(replica.version), ago(replica.started_at)),
    replica.actors.length === 0
      ? h('p', { class: 'empty' }, labels.noActors)
      : h('div', { class: 'actors' }, table(labels.actorsOf(replica.name), COLUMNS, replica.actors).element),
  );
}

/** A replica reports every ten seconds; only the one that answers knows more than that of itself. */
function stateOf({ ready, seen_at: seenAt }: Replica): HTMLElement {
  if (Date.now() - new Date(seenAt).getTime() > SILENT_MS) return pill('wait', labels.silent);
  if (ready === null) return pill('good', labels.running);
  return ready ? pill('good', labels.ready) : pill('bad', labels.notReady);
}

/** A count beside its limit; the bar only repeats the numbers. */
function gauge(count: number, limit: number): HTMLElement {
  const part = limit > 0 ? count / limit : 0;
  const bar = h('span', { class: part >= FULL_PART ? 'gauge gauge-full' : 'gauge', 'aria-hidden': 'true' });
  setPart(bar, part);
  return h('span', { class: 'gauged' }, h('span', {}, `${formatCount(count)} / ${formatCount(limit)}`), bar);
}
