// How fast Stagedoor is, next to the least that the same answers can cost: npm run bench -- --help
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChildren, residentMb } from './children.mjs';
import { startCollector } from './collector.mjs';
import { startDatabase } from './database.mjs';
import { defaultGenerator } from './load.mjs';
import { measure } from './measure.mjs';
import { parseOptions } from './options.mjs';
import { compare, LEGEND, summarise, table } from './report.mjs';
import { startBare, startStagedoor } from './servers.mjs';
import { WORKLOADS } from './workloads.mjs';

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const SETTLE_MS = 2000;
const ROUND_OVERHEAD_SECONDS = 20;

const options = parseOptions(process.argv.slice(2));
const generator = options.generator ?? defaultGenerator();
const cleanUps = [];
let isLeaving = false;
endInTime();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void leave(1, 'interrupted'));
try {
  await run();
  await leave(0);
} catch (error) {
  // What went wrong with the measured has a sentence; a bug of this program has its place.
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const contenders = options.against === 'bare' ? await nextToBare(folder) : await nextToUnobserved(folder);
  const [{ server: stagedoor, database }] = contenders.slice(-1);
  await sleep(SETTLE_MS);
  const machine = {
    node: process.version,
    cores: cpus().length,
    processor: cpus()[0]?.model,
    generator,
    database: await database.durability(),
    idleMb: residentMb(stagedoor.pid),
  };
  process.stdout.write(describe(machine));
  const results = {};
  for (const name of options.workloads) {
    results[name] = await measure(WORKLOADS[name], contenders, { ...options, generator }, say);
    process.stdout.write(`\n${table(WORKLOADS[name].title, results[name])}`);
  }
  process.stdout.write(`\n${LEGEND}`);
  if (options.save) save(machine, results);
}

/** Stagedoor as it is by default, and the least that the same answers can cost. */
async function nextToBare(folder) {
  const stagedoor = await startWithDatabase(folder, 'stagedoor');
  return [{ name: 'bare', server: await startBare(options.profile) }, stagedoor];
}

/** Stagedoor without metrics and traces, and with both: one trace in ten is sent, to a collector that takes it. */
async function nextToUnobserved(folder) {
  const collector = await startCollector();
  cleanUps.push(() => collector.close());
  return [
    await startWithDatabase(folder, 'unobserved', { OAUTH2_METRICS: 'off' }),
    await startWithDatabase(folder, 'observed', {
      OAUTH2_OTLP_ENDPOINT: collector.endpoint,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    }),
  ];
}

async function startWithDatabase(folder, name, env) {
  const database = await startDatabase();
  cleanUps.push(() => database.stop());
  const server = await startStagedoor(database.url, folder, options.profile, { name, env });
  cleanUps.push(() => server.stop());
  return { name, server, database };
}

function describe({ node, cores, database, idleMb }) {
  const { seconds, rounds, connections } = options;
  return [
    `Node ${node}, ${cores} cores; PostgreSQL with fsync ${database.fsync}, synchronous_commit ${database.synchronous_commit}`,
    `${rounds} rounds of ${seconds} s, ${connections} connections by ${generator}; Stagedoor idle: ${Math.round(idleMb)} MB\n`,
  ].join('\n');
}

function save(machine, results) {
  const workloads = Object.entries(results).map(([name, rounds]) => [
    name,
    {
      ...compare(rounds),
      ...Object.fromEntries(Object.entries(rounds).map(([who, all]) => [who, summarise(all)])),
      rounds,
    },
  ]);
  const { seconds, rounds, connections } = options;
  const report = { machine, seconds, rounds, connections, workloads: Object.fromEntries(workloads) };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`);
}

/** Nothing here waits for ever, but whatever does must not keep a machine busy. */
function endInTime() {
  const roundsInAll = options.workloads.length * 2 * (options.rounds + 1);
  const limit = 120 + roundsInAll * (options.seconds + ROUND_OVERHEAD_SECONDS);
  setTimeout(() => void leave(1, `not done after ${limit} seconds`), limit * 1000).unref();
}

/** Ends what was started, the youngest first, and then this process. */
async function leave(code, reason) {
  // What fails because we end it is no news, and must not cut the cleaning up short.
  if (isLeaving) return;
  isLeaving = true;
  if (reason !== undefined) process.stderr.write(`stagedoor bench: ${reason}\n`);
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await endChildren();
  process.exit(code);
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
