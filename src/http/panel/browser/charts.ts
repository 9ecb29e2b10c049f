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
  const canvas = h('canvas', { role: 'img', 'aria-label': parts.title });
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
  const draw = async () => {
    const Chart = await loadChart();
    if (signal.aborted) return;
    chart ??= new Chart(canvas, configuration(parts)) as AnyChart;
    showTraffic(chart, parts, traffic);
  };
  const erase = () => {
    chart?.destroy();
    chart = undefined;
  };
  signal.addEventListener('abort', erase);
  // A canvas knows no stylesheet: other colours are another chart.
  const redraw = () => {
    erase();
    void draw();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw, { signal });
  details.addEventListener('toggle', showNumbers);
  const show = (minutes: readonly TrafficMinute[]) => {
    traffic = minutes;
    canvas.setAttribute('aria-label', parts.summary(minutes));
    void draw();
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
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const [ink, soft, line] = [colour('--ink'), colour('--soft'), colour('--line')];
  const datasets = series.map(({ kind, label, colour: name }): ChartDataset => {
    const look = { label, data: [], backgroundColor: colour(name), borderColor: colour(name) };
    return kind === 'bar'
      ? { ...look, type: 'bar', stack: 'all' }
      : { ...look, type: 'line', borderWidth: 2, pointRadius: 0, tension: 0.25 };
  });
  const lines = { color: line };
  return {
    type: 'bar',
    data: { labels: [], datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: {
          stacked: true,
          border: lines,
          grid: { display: false },
          ticks: { color: soft, maxRotation: 0, autoSkipPadding: 24 },
        },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: lines,
          ticks: { color: soft, maxTicksLimit: 5, callback: (value) => format(Number(value)) },
        },
      },
      plugins: {
        colors: { enabled: false },
        legend: { align: 'start', labels: { color: ink, boxWidth: 10, boxHeight: 10 } },
        tooltip: {
          callbacks: { label: ({ dataset, parsed }) => `${dataset.label ?? ''}: ${format(parsed.y ?? 0)}` },
        },
      },
    },
  };
}

function showTraffic(chart: AnyChart, { series }: ChartParts, traffic: readonly TrafficMinute[]): void {
  chart.data.labels = traffic.map(({ at }) => formatClock(at));
  for (const [index, { value }] of series.entries()) {
    const dataset = chart.data.datasets[index];
    if (dataset) dataset.data = traffic.map(value);
  }
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
