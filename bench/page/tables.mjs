// The results as Markdown.
import { judge } from '../goals.mjs';
import { compare, summarise } from '../statistics.mjs';
import { SUBJECTS } from '../subjects/registry.mjs';
import { WORKLOADS } from '../workloads.mjs';

const HEAD = [
  'connections',
  'subject',
  'per second',
  'of bare',
  'p50 ms',
  'p99 ms',
  'CPU s / 1,000',
  'database CPU s / 1,000',
  'statements each',
  'memory MB',
];
const CEILING = 'bare';

/** @param {import('../results.mjs').Report} report */
export function markdown(report) {
  return [
    `${machine(report)}\n`,
    `${subjects(report)}\n`,
    '![Throughput next to the ceiling, and by the number of connections](images/benchmarks.svg)\n',
    `### Goals\n\n${goals(report)}\n`,
    ...Object.keys(WORKLOADS).flatMap((workload) => section(report.runs, workload)),
  ].join('\n');
}

function machine({ machine: { node, cores, processor, platform, memoryGb, generator, database }, runs }) {
  const days = runs.map(({ measuredAt }) => measuredAt.slice(0, 10)).sort();
  const storage = database
    ? ` PostgreSQL ${database.version} with \`fsync\` ${database.fsync} and \`synchronous_commit\` ${database.synchronous_commit}.`
    : '';
  const period = days[0] === days.at(-1) ? days[0] : `${days[0]} to ${days.at(-1)}`;
  return `Node ${node} on ${cores} cores (${processor}, ${memoryGb} GB, ${platform}), ${period}. Load by ${generator}.${storage} Server, database and load generator share these cores.`;
}

function subjects({ subjects: measured, skipped }) {
  const names = inOrder(Object.keys(measured));
  const lines = names.map((name) => {
    const { processes, idleMb } = measured[name];
    return `- \`${name}\`: ${processes === 1 ? 'one process' : `${processes} processes`}, ${whole(idleMb)} MB when idle`;
  });
  return [
    ...lines,
    ...Object.entries(skipped).map(([name, why]) => `- \`${name}\` was left out: ${why}`),
  ].join('\n');
}

function goals(report) {
  const verdicts = { true: 'met', false: '**missed**', undefined: 'not measured here' };
  const rows = judge(report).map(({ goal, measured, met }) => [goal, fixed(measured, 2), verdicts[met]]);
  return tableOf(['goal (at 64 connections; memory at any)', 'measured', ''], rows);
}

function section(runs, workload) {
  const ours = runs.filter((run) => run.workload === workload).sort((a, b) => a.connections - b.connections);
  if (ours.length === 0) return [];
  const { title, unit } = WORKLOADS[workload];
  const counted = unit === 'answers' ? '' : ` (${unit})`;
  const notes = new Set(ours.flatMap(({ connections, results }) => failures(results, connections)));
  const parts = [`### ${title}${counted}\n`, `${tableOf(HEAD, ours.flatMap(rowsOf))}\n`];
  return notes.size === 0 ? parts : [...parts, `${[...notes].join('\n')}\n`];
}

function rowsOf({ connections, results }) {
  const reference = results[CEILING]?.rounds;
  return inOrder(Object.keys(results))
    .filter((name) => results[name].rounds)
    .map((name) => {
      const { rounds } = results[name];
      const figures = summarise(rounds);
      return [
        String(connections),
        `\`${name}\``,
        whole(figures.perSecond),
        fixed(reference && compare(reference, rounds).ratio, 2),
        fixed(figures.p50Ms, 1),
        fixed(figures.p99Ms, 1),
        fixed(figures.cpuPer1000, 2),
        fixed(figures.databaseCpuPer1000, 2),
        fixed(figures.statementsPer1, 3),
        whole(figures.residentMb),
      ];
    });
}

function failures(results, connections) {
  return Object.entries(results).flatMap(([name, { failed, unsupported }]) => {
    if (failed) return [`- \`${name}\` failed at ${connections} connections: ${failed}`];
    return unsupported ? [`- \`${name}\`: ${unsupported}`] : [];
  });
}

function inOrder(names) {
  return SUBJECTS.filter((name) => names.includes(name));
}

/** Words to the left, figures to the right. */
function tableOf(head, rows) {
  const isFigure = (column) => rows.every((row) => /^(?:[\d.,]+|–)$/.test(row[column]));
  const rule = head.map((_, column) => (isFigure(column) ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function whole(number) {
  return number === undefined || number === null ? '–' : Math.round(number).toLocaleString('en');
}

function fixed(number, digits) {
  return number === undefined || number === null ? '–' : number.toFixed(digits);
}
