// How fast Stagedoor is, next to the least that the same answers can cost and to others: npm run bench -- --help
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMbOf } from './children.mjs';
import { servingProcesses, startContenders } from './contenders.mjs';
import { ending } from './ending.mjs';
import { goalLines, judge } from './goals.mjs';
import { defaultGenerator } from './load.mjs';
import { describeMachine } from './machine.mjs';
import { measure } from './measure.mjs';
import { nodeBinary } from '../scripts/node-binary.mjs';
import { parseOptions } from './options.mjs';
import { LEGEND, table } from './report.mjs';
import { requireSameMachine, saveResults } from './results.mjs';
import { WORKLOADS } from './workloads.mjs';

const SETTLE_MS = 2000;
const ROUND_OVERHEAD_SECONDS = 30;

const options = parseOptions(process.argv.slice(2));
const generator = options.generator ?? defaultGenerator();
const { leave, cleanUp, within } = ending();
const roundsInAll =
  options.workloads.length * options.connections.length * options.subjects.length * (options.rounds + 1);
within(300 + roundsInAll * (options.seconds + ROUND_OVERHEAD_SECONDS));
try {
  const report = await run();
  print(report);
  const hasFailed = report.runs.some(({ results }) => Object.values(results).some(({ failed }) => failed));
  await leave(hasFailed ? 1 : 0);
} catch (error) {
  // What went wrong with the measured has a sentence; a bug of this program has its place.
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

/** @returns {Promise<import('./results.mjs').Report>} */
async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const node = nodeBinary(options.node);
  const choice = { folder, node, profileFolder: options.profile };
  const { contenders, skipped } = await startContenders(options.subjects, choice, { say, cleanUp });
  if (contenders.length === 0) throw new Error('no subject is available');
  await sleep(SETTLE_MS);
  const databases = contenders.flatMap(({ database }) => database ?? []);
  const machine = await describeMachine({ node, generator, databases });
  if (options.save) requireSameMachine(options.save, machine);
  const subjects = Object.fromEntries(
    contenders.map(({ subject }) => [subject.name, describeSubject(subject)]),
  );
  const report = { machine, subjects, skipped, runs: [] };
  show(describe(report));
  for (const connections of options.connections) {
    for (const workload of options.workloads) {
      report.runs.push(await runOne(workload, connections, contenders));
      show(`\n${table(report.runs.at(-1))}`);
      // After each: a matrix takes long, and whatever ends it must not take all of it away.
      if (options.save) saveResults(options.save, report);
    }
  }
  return report;
}

async function runOne(workload, connections, contenders) {
  const measuredAt = new Date().toISOString();
  say(`${workload}, ${connections} connections`);
  const results = await measure(WORKLOADS[workload], contenders, { ...options, generator, connections }, say);
  return { workload, connections, seconds: options.seconds, measuredAt, results };
}

function describeSubject({ pids }) {
  return { processes: servingProcesses(pids), idleMb: residentMbOf(pids) };
}

function describe({ machine: { node, cores, database }, subjects }) {
  const { seconds, rounds } = options;
  const processes = Object.entries(subjects).map(
    ([name, { processes: count, idleMb }]) =>
      `${name}: ${count === 1 ? 'one process' : `${count} processes`}, idle ${idleMb?.toFixed(0) ?? '-'} MB`,
  );
  const durability =
    database &&
    `; PostgreSQL ${database.version} with fsync ${database.fsync}, synchronous_commit ${database.synchronous_commit}`;
  return [
    `Node ${node}, ${cores} cores${durability ?? ''}`,
    `${rounds} rounds of ${seconds} s by ${generator}`,
    ...processes,
    '',
  ].join('\n');
}

function print(report) {
  const goals = options.goals ? judge(report) : undefined;
  if (options.json) process.stdout.write(`${JSON.stringify({ ...report, goals })}\n`);
  show(`\n${LEGEND}`);
  if (goals) show(`\n${goalLines(goals).join('\n')}\n`);
}

function show(text) {
  if (!options.json) process.stdout.write(text);
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
