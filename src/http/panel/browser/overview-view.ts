import { read } from './api.ts';
import type { AuditEvent, List, Overview, TrafficMinute } from './api-types.ts';
import { trafficChart } from './charts.ts';
import { fill, h } from './dom.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import { formatCount, formatMilliseconds, formatSecond } from './format.ts';
import { card, pageHead } from './page-head.ts';
import { poll } from './poll.ts';
import { healthCard, replicaCards } from './replicas.ts';
import type { Visit } from './router.ts';
import { failure, section } from './section.ts';
import { table } from './table.ts';
import { LATENCY, REQUESTS } from './traffic-charts.ts';
import { words } from './words.ts';

const labels = words.overview;
const PAUSE_MS = 4000;
const RECENT = 8;
/** What happened is asked for once in so many rounds. */
const ROUNDS_PER_ACTIVITY = 4;

interface Figure {
  readonly label: string;
  readonly href?: string;
  readonly value: (overview: Overview) => string;
}

const FIGURES: readonly Figure[] = [
  { label: labels.tokens, href: '/admin/tokens', value: ({ counts }) => formatCount(counts.active_tokens) },
  { label: labels.clients, href: '/admin/clients', value: ({ counts }) => formatCount(counts.clients) },
  { label: labels.users, href: '/admin/users', value: ({ counts }) => formatCount(counts.users) },
  { label: labels.rate, value: (overview) => formatCount(lastMinute(overview)?.requests ?? 0) },
  { label: labels.errors, value: errorPercent },
  { label: labels.latency, value: (overview) => formatMilliseconds(lastMinute(overview)?.p95_ms ?? null) },
];

/** What the server is and does, as of now. */
export function overviewView({ signal }: Visit): HTMLElement {
  const asOf = h('p', { class: 'soft' });
  const trouble = h('div', {});
  const figures = figureRow();
  const health = h('div', {});
  const replicas = h('div', { class: 'stack' });
  const charts = [REQUESTS, LATENCY].map((parts) => trafficChart(parts, signal));
  const recent = recentActivity(signal);
  let rounds = 0;
  const show = (overview: Overview) => {
    fill(trouble);
    figures.show(overview);
    fill(health, healthCard(overview.health));
    replicaCards(replicas, overview.replicas);
    for (const chart of charts) chart.show(overview.traffic);
    fill(asOf, labels.asOf(formatSecond(new Date())));
  };
  const refresh = poll(signal, PAUSE_MS, async () => {
    try {
      show(await read<Overview>('/overview', { signal }));
      rounds += 1;
      const isInUse = recent.element.contains(document.activeElement);
      if (rounds % ROUNDS_PER_ACTIVITY === 0 && !isInUse) void recent.reload();
    } catch (error) {
      if (signal.aborted) return;
      // Figures that are a little old are better than none.
      fill(
        trouble,
        failure(error, () => void refresh()),
      );
    }
  });
  return h(
    'div',
    {},
    pageHead(labels.title, asOf),
    trouble,
    figures.element,
    h(
      'div',
      { class: 'halves' },
      charts.map(({ element }) => element),
    ),
    h(
      'div',
      { class: 'halves' },
      replicas,
      h('div', { class: 'stack' }, health, card(labels.recent, recent.element)),
    ),
  );
}

/** The figures, made once: whoever has the focus on one keeps it when the next ones come. */
function figureRow(): { element: HTMLElement; show: (overview: Overview) => void } {
  const figures = FIGURES.map(({ label, href, value }) => {
    const shown = h('span', { class: 'figure-value' }, words.none);
    const content = [h('span', { class: 'figure-label' }, label), shown];
    const element =
      href === undefined
        ? h('div', { class: 'figure' }, content)
        : h('a', { class: 'figure', href }, content);
    return { element, show: (overview: Overview) => fill(shown, value(overview)) };
  });
  return {
    element: h(
      'div',
      { class: 'figures' },
      figures.map(({ element }) => element),
    ),
    show: (overview) => {
      for (const { show } of figures) show(overview);
    },
  };
}

/** The last minute that is over; the present one has only begun. */
function lastMinute({ traffic }: Overview): TrafficMinute | undefined {
  return traffic.at(-2) ?? traffic.at(-1);
}

function errorPercent({ traffic }: Overview): string {
  const requests = traffic.reduce((sum, minute) => sum + minute.requests, 0);
  const errors = traffic.reduce((sum, minute) => sum + minute.errors, 0);
  const percent = requests === 0 ? 0 : (errors / requests) * 100;
  return `${percent.toFixed(percent > 0 && percent < 10 ? 2 : 0)} %`;
}

function recentActivity(signal: AbortSignal) {
  return section<List<AuditEvent>>({
    signal,
    load: () => read('/audit-events', { query: { limit: RECENT }, signal }),
    render: ({ items }) =>
      items.length === 0
        ? h('p', { class: 'empty' }, words.activity.none)
        : [
            table(labels.recent, EVENT_COLUMNS.slice(0, 4), items).element,
            h('p', {}, h('a', { href: '/admin/activity' }, labels.allActivity)),
          ],
  });
}
