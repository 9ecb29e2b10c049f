// Whether requests take as long among ten million tokens as among ten thousand: npm run bench:growth -- --help
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ending } from '../ending.mjs';
import { summarise } from '../statistics.mjs';
import { GrowthServer } from './database.mjs';
import { parseOptions } from './options.mjs';
import { plot } from './plot.mjs';
import { report, writeSection } from './report.mjs';
import { Step } from './steps.mjs';

const RESULTS = fileURLToPath(new URL('../results/growth.json', import.meta.url));
const LIMIT_SECONDS_PER_STEP = 1200;
/** After it, most pages of the indexes have changed since the checkpoint once, as in a database at work, and are not logged whole. */
const WARM_UP_SECONDS = 15;
const SETTLE_MS = 1500;

const options = parseOptions(process.argv.slice(2));
const { leave, cleanUp, within } = ending();
within(LIMIT_SECONDS_PER_STEP * options.steps.length);
try {
  await run();
  await leave(0);
} catch (error) {
  await leave(1, error.stack);
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await GrowthServer.start();
  cleanUp(() => postgres.stop());
  const secret = randomBytes(32).toString('hex');
  const steps = [];
  for (const size of options.steps) {
    const startedAt = performance.now();
    steps.push(await Step.prepare(size, postgres, { folder, secret }));
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    say(`${size.clients} clients and ${size.tokens} tokens are there after ${seconds} s`);
  }
  for (const step of steps) await step.open(options.connections);
  await sleep(SETTLE_MS);
  const measured = {};
  for (const workload of options.workloads) {
    measured[workload] = await measure(workload, steps);
    say(`${workload}: p50 ${measured[workload].map(({ p50Ms }) => p50Ms.toFixed(1)).join(', ')} ms`);
  }
  const { connections, seconds, rounds } = options;
  const results = {
    machine: { node: process.version, cores: cpus().length, processor: cpus()[0]?.model },
    connections,
    seconds,
    rounds,
    warmUpSeconds: WARM_UP_SECONDS,
    steps: steps.map((step, index) => resultsOf(step, index, measured)),
  };
  for (const [index, step] of steps.entries()) {
    await step.close();
    results.steps[index].sweep = await step.measureSweep();
  }
  process.stdout.write(`\n${report(results)}`);
  if (options.save) await save(results);
}

/**
 * The steps in turn, so that whatever else the machine does meets them alike, and each round in another order, so that what one
 * leaves to be written does: the medians of the rounds. What the database did is counted from the first request to the last,
 * for it does some of it later than the answer: last uses are written down twice a minute.
 */
async function measure(workload, steps) {
  const before = await Promise.all(steps.map((step) => step.databaseWork()));
  const turns = steps.map(() => []);
  for (const [index, step] of steps.entries()) {
    turns[index].push(await step.measure(workload, { ...options, seconds: WARM_UP_SECONDS }));
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const index of order(round, steps.length)) {
      turns[index].push(await steps[index].measure(workload, options));
    }
  }
  const after = await Promise.all(steps.map((step) => step.databaseWork()));
  return turns.map(([warmUp, ...rounds], index) => {
    const answered = rounds.reduce((sum, round) => sum + round.answered, warmUp.answered);
    const work = Object.keys(after[index]).map((key) => [
      key,
      (after[index][key] - before[index][key]) / answered,
    ]);
    return { ...summarise(rounds), ...Object.fromEntries(work) };
  });
}

/** Each round begins with another step, and each second one goes backwards: six rounds are all orders of three steps. */
function order(round, count) {
  const indexes = Array.from({ length: count }, (_, index) => (index + (round >> 1)) % count);
  return round % 2 === 0 ? indexes : indexes.reverse();
}

function resultsOf(step, index, measured) {
  const workloads = Object.entries(measured).map(([name, results]) => [name, results[index]]);
  return { ...step.size, workloads: Object.fromEntries(workloads), residentMb: step.residentMb() };
}

async function save(results) {
  mkdirSync(fileURLToPath(new URL('../results/', import.meta.url)), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeSection(results);
  await plot(results);
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
