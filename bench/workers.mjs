// What a second worker costs: npm run bench:workers
// One worker and two, A B A B, each with a PostgreSQL of its own and 64 connections for each worker: the batches of a worker grow
// with its load. The workers have one core, and PostgreSQL and the load generator the others. Were a worker free of charge, two
// of them would do on that core what one does there, and on a core each twice as much; what they do less is what they cost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { families } from './children.mjs';
import { between, readOptions } from './command-line.mjs';
import { startDatabase } from './database.mjs';
import { ending } from './ending.mjs';
import { defaultGenerator } from './load.mjs';
import { measure } from './measure.mjs';
import { leaveFirstCore, putOnFirstCore } from './pin.mjs';
import { LEGEND, table } from './report.mjs';
import { compare } from './statistics.mjs';
import { startStagedoor } from './subjects/stagedoor.mjs';
import { WORKLOADS } from './workloads.mjs';

const CONNECTIONS_PER_WORKER = 64;
const WORKERS = [1, 2];
const USAGE = `Usage: npm run bench:workers -- [options]
  --seconds N   length of a round (default 6)
  --rounds N    of each number of workers, in turn (default 9)
`;

const { seconds, rounds } = readOptions(
  USAGE,
  { options: { seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '9' } } },
  (values) => ({ seconds: between(1, 900, values.seconds), rounds: between(1, 20, values.rounds) }),
);
const job = {
  generator: defaultGenerator(),
  seconds,
  warmUpSeconds: 2,
  rounds: 1,
  tokens: 500,
};
const isPinned = leaveFirstCore();
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-workers-'));
const { leave, cleanUp } = ending();
cleanUp(() => rmSync(folder, { recursive: true, force: true }));
try {
  const contenders = [];
  for (const workers of WORKERS) contenders.push(await start(workers));
  for (const workload of ['issue', 'introspect']) {
    const results = await inTurn(workload, contenders);
    process.stdout.write(
      `${table({ workload, connections: `${CONNECTIONS_PER_WORKER} for each worker`, results })}\n`,
    );
    if (isPinned) process.stdout.write(`${verdict(results)}\n\n`);
  }
  process.stdout.write(LEGEND);
  await leave(0);
} catch (error) {
  await leave(1, error.stack);
}

async function start(workers) {
  const database = await startDatabase();
  cleanUp(() => database.stop());
  // The signature where the request is in both, so that what differs is the workers alone.
  const env = { OAUTH2_WORKERS: String(workers), OAUTH2_SIGNING_THREADS: '0' };
  const name = `workers-${workers}`;
  const subject = await startStagedoor({ databaseUrl: database.url, folder, name, env });
  cleanUp(() => subject.stop());
  if (isPinned) families(subject.pids).forEach(putOnFirstCore);
  return { workers, subject, database };
}

async function inTurn(workload, contenders) {
  const results = Object.fromEntries(contenders.map(({ subject }) => [subject.name, { rounds: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const { name } = contender.subject;
      const connections = CONNECTIONS_PER_WORKER * contender.workers;
      const { [name]: measured } = await measure(
        WORKLOADS[workload],
        [contender],
        { ...job, connections },
        say,
      );
      if (!measured.rounds) throw new Error(`${name}: ${measured.failed ?? measured.unsupported}`);
      results[name].rounds.push(...measured.rounds);
    }
  }
  return results;
}

function verdict(results) {
  const [one, two] = WORKERS.map((workers) => results[`workers-${workers}`].rounds);
  const { ratio, cpuRatio, least, most } = compare(one, two);
  return [
    `two workers on one core: ${ratio.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)}) of what one does there; on a core each: ${(2 * ratio).toFixed(2)} times one`,
    `an answer takes ${cpuRatio.toFixed(2)} of the processor time that one worker takes for it; by that, on a core each: ${(2 / cpuRatio).toFixed(2)} times one`,
  ].join('\n');
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
