// Whether requests take as long among ten million tokens as among ten thousand: npm run bench:growth -- --help
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChildren } from '../children.mjs';
import { startStagedoor } from '../subjects/stagedoor.mjs';
import { GrowthDatabase } from './database.mjs';
import { parseOptions } from './options.mjs';
import { plot } from './plot.mjs';
import { report, writeSection } from './report.mjs';
import { measureStep, measureSweep } from './steps.mjs';

const RESULTS = fileURLToPath(new URL('../results/growth.json', import.meta.url));
const LIMIT_SECONDS_PER_STEP = 1200;

const options = parseOptions(process.argv.slice(2));
const cleanUps = [endChildren];
let isLeaving = false;
const limit = LIMIT_SECONDS_PER_STEP * options.steps.length;
setTimeout(() => void leave(1, `not done after ${limit} seconds`), limit * 1000).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void leave(1, 'interrupted'));
try {
  await run();
  await leave(0);
} catch (error) {
  await leave(1, error.stack);
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const database = await GrowthDatabase.start();
  cleanUps.push(() => database.stop());
  const secret = randomBytes(32).toString('hex');
  // Migrates, and makes the signing keys.
  const first = await startStagedoor({ databaseUrl: database.url, folder, env: { OAUTH2_SECRET: secret } });
  await first.stop();
  const steps = [];
  let before = { clients: 0, tokens: 0 };
  for (const size of options.steps) {
    say(`${describe(size)}:`);
    const step = await measureStep(before, size, { database, folder, secret, say }, options);
    step.sweep = await measureSweep(database.url, step.partition);
    say(`sweep: ${step.sweep.emptyMs.toFixed(0)} ms empty, ${step.sweep.fullMs.toFixed(0)} ms full`);
    delete step.partition;
    steps.push(step);
    before = size;
    // Each step's: what is interrupted at ten million has shown the million.
    if (options.save) await save(resultsOf(steps));
  }
  process.stdout.write(`\n${report(resultsOf(steps))}`);
}

function resultsOf(steps) {
  const { connections, seconds, rounds } = options;
  const machine = { node: process.version, cores: cpus().length, processor: cpus()[0]?.model };
  return { machine, connections, seconds, rounds, steps };
}

async function save(results) {
  mkdirSync(fileURLToPath(new URL('../results/', import.meta.url)), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeSection(results);
  await plot(results);
}

/** Ends what was started, the youngest first, and then this process. */
async function leave(code, reason) {
  if (isLeaving) return;
  isLeaving = true;
  if (reason !== undefined) process.stderr.write(`stagedoor bench: ${reason}\n`);
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await endChildren();
  process.exit(code);
}

function describe({ clients, tokens }) {
  return `${clients.toLocaleString('en')} clients, ${tokens.toLocaleString('en')} tokens`;
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
