import type { Chart as ChartClass, ChartConfiguration, ChartDataset } from 'chart.js';
import type { TrafficMinute } from './api-types.ts';
import { fill, h } from './dom.ts';
import { formatClock } from './format.ts';
import { table, type Column } from './table.ts';
import { words } from './words.ts';

const labels = words.charts;

/** One line or column of a chart. */
export interface Series {
  readonly label: string;
  readonly kind: 'bar' | 'line';
  /** The stylesheet's variable with its colour. */
  readonly colour: string;
  readonly value: (minute: TrafficMinute) => number | null;
}

export interface ChartParts {
  readonly title: string;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** What the chart shows, in a sentence, for whoever does not see it. */
  readonly summary: (traffic: readonly TrafficMinute[]) => string;
}

export interface TrafficChart {
  readonly element: HTMLElement;
  readonly show: (traffic: readonly TrafficMinute[]) => void;
}

type AnyChart = ChartClass<'bar' | 'line', (number | null)[], string>;

/** A chart over the minutes of the last hour, with its numbers as a table below. */
export function trafficChart(parts: ChartParts, signal: AbortSignal): TrafficChart {
  const canvas = h('canvas', { role: 'img' });
  const numbers = h('div', {});
  const details = h('details', { class: 'numbers' }, h('summary', {}, labels.numbers), numbers);
  const element = h(
    'section',
    { class: 'card' },
    h('h2', {}, parts.title),
    h('div', { class: 'chart' }, canvas),
    details,
  );
  let traffic: readonly TrafficMinute[] = [];
  let chart: AnyChart | undefined;
  const showNumbers = () => {
    if (details.open) fill(numbers, table(parts.title, numberColumns(parts), traffic.toReversed()).element);
  };
  const draw = () => {
    if (chart && !signal.aborted) update(chart, parts, traffic);
  };
  void loadChart().then((Chart) => {
    if (signal.aborted) return;
    chart = new Chart(canvas, configuration(parts)) as AnyChart;
    signal.addEventListener('abort', () => chart?.destroy());
    draw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw, { signal });
  details.addEventListener('toggle', showNumbers);
  const show = (minutes: readonly TrafficMinute[]) => {
    traffic = minutes;
    canvas.setAttribute('aria-label', parts.summary(minutes));
    draw();
    showNumbers();
  };
  return { element, show };
}

/** Chart.js is a script of the old kind: it leaves its name with the window. Pages without charts do without it. */
async function loadChart(): Promise<typeof ChartClass> {
  await import(new URL('../../../chart.js', import.meta.url).href);
  return (globalThis as unknown as { Chart: typeof ChartClass }).Chart;
}

function configuration({ series, format }: ChartParts): ChartConfiguration {
  const datasets = series.map(({ kind, label }): ChartDataset => ({ type: kind, label, data: [] }));
  return {
    type: 'bar',
    data: { labels: [], datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 24 } },
        y: { beginAtZero: true, ticks: { maxTicksLimit: 5, callback: (value) => format(Number(value)) } },
      },
      plugins: {
        legend: { align: 'start', labels: { boxWidth: 10, boxHeight: 10 } },
        tooltip: {
          callbacks: { label: ({ dataset, parsed }) => `${dataset.label ?? ''}: ${format(parsed.y ?? 0)}` },
        },
      },
    },
  };
}

function update(chart: AnyChart, { series }: ChartParts, traffic: readonly TrafficMinute[]): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  chart.data.labels = traffic.map(({ at }) => formatClock(at));
  for (const [index, { value, colour: name }] of series.entries()) {
    const dataset = chart.data.datasets[index];
    if (!dataset) continue;
    const look = { backgroundColor: colour(name), borderColor: colour(name) };
    Object.assign(dataset, {
      data: traffic.map(value),
      ...look,
      borderWidth: 2,
      pointRadius: 0,
      tension: 0.25,
    });
    if (dataset.type === 'bar') Object.assign(dataset, { borderWidth: 0, borderRadius: 2, stack: 'one' });
  }
  for (const scale of Object.values(chart.options.scales ?? {})) {
    Object.assign(scale?.ticks ?? {}, { color: colour('--soft') });
    Object.assign(scale?.grid ?? {}, { color: colour('--line') });
    Object.assign(scale?.border ?? {}, { color: colour('--line') });
  }
  if (chart.options.plugins?.legend?.labels) chart.options.plugins.legend.labels.color = colour('--ink');
  chart.update('none');
}

function numberColumns({ series, format }: ChartParts): Column<TrafficMinute>[] {
  return [
    { label: labels.minute, cell: ({ at }) => formatClock(at) },
    ...series.map(({ label, value }): Column<TrafficMinute> => ({
      label,
      kind: 'number',
      cell: (minute) => {
        const figure = value(minute);
        return figure === null ? words.none : format(figure);
      },
    })),
  ];
}
