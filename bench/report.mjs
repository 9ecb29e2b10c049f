import { compare, summarise } from './statistics.mjs';
import { WORKLOADS } from './workloads.mjs';

const CEILING = 'bare';
const BUSY_GENERATOR = 0.9;
const BUSY_MACHINE = 0.25;
const HEAD = [
  '',
  'per s',
  'ratio',
  'worst to best',
  'p50 ms',
  'p99 ms',
  'CPU s',
  'DB CPU s',
  'statements',
  'MB',
];

export const LEGEND =
  'ratio: to bare (without it, to the first line), of the medians, and that of the worst and the best round; CPU and DB CPU: seconds per 1,000; statements: SQL for each; MB: the most resident memory under load.\n';

/** One run's results for a person. */
export function table({ workload, connections, results }) {
  const measured = Object.entries(results).filter(([, { rounds }]) => rounds);
  const reference = results[CEILING]?.rounds ?? measured[0]?.[1].rounds;
  const rows = measured.map(([name, { rounds }]) => row(name, rounds, reference));
  const { title, unit } = WORKLOADS[workload];
  const lines = [
    `${title}: ${connections} connections, ${unit}`,
    ...columns([HEAD, ...rows]),
    ...Object.entries(results).flatMap(([name, { failed, unsupported }]) => {
      if (failed) return [`! ${name} failed: ${failed}`];
      return unsupported ? [`${name}: ${unsupported}`] : [];
    }),
    ...doubts(measured),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name, rounds, reference) {
  const figures = summarise(rounds);
  const { ratio, least, most } = compare(reference, rounds);
  return [
    name,
    figures.perSecond.toFixed(0),
    ratio.toFixed(2),
    `${least.toFixed(2)} to ${most.toFixed(2)}`,
    figures.p50Ms.toFixed(1),
    figures.p99Ms.toFixed(1),
    format(figures.cpuPer1000, 2),
    format(figures.databaseCpuPer1000, 2),
    format(figures.statementsPer1, 3),
    format(figures.residentMb, 0),
  ];
}

/** Why figures may be worth less than they look. */
function doubts(measured) {
  const lines = measured
    .filter(([, { rounds }]) => summarise(rounds).generatorShare > BUSY_GENERATOR)
    .map(([name]) => `! the load generator was at its limit with ${name}: the figures are too low`);
  const others = Math.max(0, ...measured.map(([, { rounds }]) => summarise(rounds).othersShare ?? 0));
  if (others > BUSY_MACHINE) {
    lines.push(
      `! other work kept ${others.toFixed(1)} cores busy: the ratios are worth little; try again later`,
    );
  }
  return lines;
}

function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
}

function format(number, digits) {
  return number === undefined ? '-' : number.toFixed(digits);
}
