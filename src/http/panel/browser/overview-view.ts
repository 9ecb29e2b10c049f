import { read } from './api.ts';
import type { AuditEvent, List, Overview } from './api-types.ts';
import { trafficChart } from './charts.ts';
import { fill, h } from './dom.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import { formatCount, formatMilliseconds, formatSecond } from './format.ts';
import { card, pageHead } from './page-head.ts';
import { poll } from './poll.ts';
import { healthCard, replicaCards } from './replicas.ts';
import type { Visit } from './router.ts';
import { failure, placeholder, section } from './section.ts';
import { table } from './table.ts';
import { LATENCY, REQUESTS } from './traffic-charts.ts';
import { words } from './words.ts';

const labels = words.overview;
const PAUSE_MS = 4000;
const RECENT = 8;
/** What happened is asked for once in so many rounds. */
const ROUNDS_PER_ACTIVITY = 4;

/** What the server is and does, as of now. */
export function overviewView({ signal }: Visit): HTMLElement {
  const asOf = h('p', { class: 'soft' });
  const trouble = h('div', {});
  const figures = h('div', { class: 'figures' }, placeholder());
  const health = h('div', {});
  const replicas = h('div', { class: 'stack' });
  const charts = [REQUESTS, LATENCY].map((parts) => trafficChart(parts, signal));
  const recent = recentActivity(signal);
  let shown = false;
  let rounds = 0;
  const show = (overview: Overview) => {
    shown = true;
    fill(trouble);
    fill(figures, figuresOf(overview));
    fill(health, healthCard(overview.health));
    replicaCards(replicas, overview.replicas);
    for (const chart of charts) chart.show(overview.traffic);
    fill(asOf, labels.asOf(formatSecond(new Date())));
  };
  const refresh = poll(signal, PAUSE_MS, async () => {
    try {
      show(await read<Overview>('/overview', { signal }));
      rounds += 1;
      if (rounds % ROUNDS_PER_ACTIVITY === 0) void recent.reload();
    } catch (error) {
      if (signal.aborted) return;
      // Figures that are a little old are better than none.
      fill(
        trouble,
        failure(error, () => void refresh()),
      );
      if (!shown) fill(figures);
    }
  });
  return h(
    'div',
    {},
    pageHead(labels.title, asOf),
    trouble,
    figures,
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

function figuresOf({ counts, traffic }: Overview): HTMLElement[] {
  const last = traffic.at(-2) ?? traffic.at(-1);
  const requests = traffic.reduce((sum, minute) => sum + minute.requests, 0);
  const errors = traffic.reduce((sum, minute) => sum + minute.errors, 0);
  const percent = requests === 0 ? 0 : (errors / requests) * 100;
  return [
    figure(labels.tokens, formatCount(counts.active_tokens), '/admin/tokens'),
    figure(labels.clients, formatCount(counts.clients), '/admin/clients'),
    figure(labels.users, formatCount(counts.users), '/admin/users'),
    figure(labels.rate, formatCount(last?.requests ?? 0)),
    figure(labels.errors, `${percent.toFixed(percent > 0 && percent < 10 ? 2 : 0)} %`),
    figure(labels.latency, formatMilliseconds(last?.p95_ms ?? null)),
  ];
}

function figure(label: string, value: string, href?: string): HTMLElement {
  const content = [h('span', { class: 'figure-label' }, label), h('span', { class: 'figure-value' }, value)];
  return href === undefined
    ? h('div', { class: 'figure' }, content)
    : h('a', { class: 'figure', href }, content);
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
