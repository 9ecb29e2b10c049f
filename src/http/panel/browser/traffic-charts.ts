import type { ChartParts } from './charts.ts';
import { formatCount, formatMilliseconds } from './format.ts';
import { words } from './words.ts';

const labels = words.charts;

/** Requests a minute, and how many of them the server failed. */
export const REQUESTS: ChartParts = {
  title: labels.requests,
  format: formatCount,
  series: [
    {
      label: labels.served,
      kind: 'bar',
      colour: '--chart-main',
      value: ({ requests, errors }) => requests - errors,
    },
    { label: labels.failed, kind: 'bar', colour: '--chart-bad', value: ({ errors }) => errors },
  ],
  summary: (traffic) => {
    const all = traffic.reduce((sum, { requests }) => sum + requests, 0);
    const failed = traffic.reduce((sum, { errors }) => sum + errors, 0);
    return labels.requestsSummary(formatCount(all), formatCount(failed));
  },
};

/** How long answers took. */
export const LATENCY: ChartParts = {
  title: labels.latency,
  format: formatMilliseconds,
  series: [
    { label: labels.p50, kind: 'line', colour: '--chart-main', value: (minute) => minute.p50_ms },
    { label: labels.p95, kind: 'line', colour: '--chart-second', value: (minute) => minute.p95_ms },
    { label: labels.p99, kind: 'line', colour: '--chart-third', value: (minute) => minute.p99_ms },
  ],
  summary: (traffic) => {
    const last = traffic.findLast(({ p50_ms: p50 }) => p50 !== null);
    if (!last) return labels.latencyNone;
    return labels.latencySummary(formatMilliseconds(last.p50_ms), formatMilliseconds(last.p99_ms));
  },
};
