// The figures of a run as a text in Markdown, for the terminal and for docs/benchmarks.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const [BEGIN, END] = ['<!-- growth:begin -->', '<!-- growth:end -->'];

/** What a step's figures are compared in, and how they are shown. */
const COLUMNS = [
  ['p50 ms', 'p50Ms', 2],
  ['p99 ms', 'p99Ms', 2],
  ['statements', 'statements', 3],
  ['buffers', 'buffers', 1],
  ['log kB', 'logKb', 1],
  ['statements ms', 'statementMs', 3],
];

export function report({ machine, connections, seconds, rounds, warmUpSeconds, steps }) {
  const [smallest] = steps;
  const rows = Object.keys(smallest.workloads).flatMap((name) =>
    steps.map((step) => [
      step === smallest ? name : '',
      size(step.clients),
      size(step.tokens),
      ...COLUMNS.map(([, key, digits]) =>
        figure(step.workloads[name][key], smallest.workloads[name][key], digits),
      ),
    ]),
  );
  const whole = steps.map((step) => [
    size(step.clients),
    size(step.tokens),
    `${Math.round(step.residentMb)} MB (${ratio(step.residentMb, smallest.residentMb)})`,
    `${step.sweep.emptyMs.toFixed(0)} ms`,
    `${step.sweep.fullMs.toFixed(0)} ms`,
  ]);
  return [
    `Node ${machine.node}, ${machine.cores} cores; ${connections} requests under way at once; medians of ${rounds} rounds of ${seconds} s after`,
    `${warmUpSeconds} s of warming up. The steps take turns, in another order in each round, so that the machine’s drift and what another`,
    'step left to be written meet them alike. In brackets the ratio to the smallest step. Every request is for a client or a',
    'person drawn at random out of all, and rotations take all grants in turn, of which there is one for ten tokens, in an order',
    'that has nothing to do with where they are. The server keeps 100 clients in memory, so that at each step nearly every request',
    'reads its client from the database. Statements, buffers (pages of 8 KiB, from memory or disk), the log that they write and the',
    'time that they take in the database, the writing of last uses included, are for each request; a code flow counts as one.',
    'Statements are sent for all requests that arrive while the one before is under way, so a slower answer makes them fewer.',
    '',
    ...table(['workload', 'clients', 'tokens', ...COLUMNS.map(([title]) => title)], rows),
    '',
    'The server’s memory after these workloads, and how long the sweep takes to drop one day’s partition, empty and with all',
    'those tokens in it:',
    '',
    ...table(['clients', 'tokens', 'server RSS', 'sweep, empty', 'sweep, full'], whole),
    '',
  ].join('\n');
}

/** Writes the report between its marks on the page of benchmarks. */
export function writeSection(results) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : `${BEGIN}\n${END}\n`;
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/benchmarks.md has no ${BEGIN} and ${END}`);
  const image = '![Latency and statements per request as the database grows](images/growth.svg)';
  const section = `${BEGIN}\n\n${report(results)}\n${image}\n\n`;
  writeFileSync(PAGE, page.slice(0, start) + section + page.slice(end));
}

function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

function figure(value, smallest, digits) {
  return `${value.toFixed(digits)} (${ratio(value, smallest)})`;
}

function ratio(value, smallest) {
  return smallest === 0 ? '–' : (value / smallest).toFixed(2);
}

function size(count) {
  return count.toLocaleString('en');
}
