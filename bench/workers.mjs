// What a second worker costs: npm run bench:workers
// One worker and two, A B A B, each with a PostgreSQL of its own and 64 connections for each worker: the batches of a worker grow
// with its load. The workers have one core, and PostgreSQL and the load generator the others. Were a worker free of charge, two
// of them would do on that core what one does there, and on a core each twice as much; what they do less is what they cost. That
// they take turns there is a part of it, and would not be on a core each; so one of two is measured as well, the other stopped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
const TEAMS = [
  { name: 'workers-1', workers: 1, serving: 1 },
  { name: 'workers-2', workers: 2, serving: 2 },
  { name: '1-of-2', workers: 2, serving: 1 },
];
/** Much longer than a server that serves takes for the answer to a request. */
const ANSWER_MS = 1000;
const LOOK_MS = 50;
const ROUND_OVERHEAD_SECONDS = 10;
const USAGE = `Usage: npm run bench:workers -- [options]
  --seconds N   length of a round (default 6)
  --rounds N    of each team of workers, in turn (default 9)
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
const { leave, cleanUp, within } = ending();
cleanUp(() => rmSync(folder, { recursive: true, force: true }));
within(300 + 2 * rounds * TEAMS.length * (job.warmUpSeconds + seconds + ROUND_OVERHEAD_SECONDS));
try {
  const contenders = [];
  for (const team of TEAMS) contenders.push(await start(team));
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

async function start({ name, workers, serving }) {
  const database = await startDatabase();
  cleanUp(() => database.stop());
  // The signature where the request is in both, so that what differs is the workers alone.
  const env = { OAUTH2_WORKERS: String(workers), OAUTH2_SIGNING_THREADS: '0' };
  const subject = await startStagedoor({ databaseUrl: database.url, folder, name, env });
  cleanUp(() => subject.stop());
  // The first of several is ready before the others have started.
  if (workers > 1) await untilSaid('workers are ready', join(folder, `${name}.log`));
  const processes = families(subject.pids);
  if (workers > 1 && processes.length !== 1 + workers) {
    throw new Error(`${processes.length} processes are seen of ${name}, whose processor time cannot be told`);
  }
  if (isPinned) processes.forEach(putOnFirstCore);
  for (const worker of processes.slice(1 + serving)) await halt(worker, subject.base);
  return { serving, subject, database };
}

async function untilSaid(words, logFile) {
  while (!readFileSync(logFile, 'utf8').includes(words)) await sleep(LOOK_MS);
}

/** Stops a worker. It is still handed one connection, and none after that, for it does not take it. */
async function halt(worker, base) {
  process.kill(worker, 'SIGSTOP');
  cleanUp(() => process.kill(worker, 'SIGCONT'));
  const isAnswered = () =>
    fetch(`${base}/health`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(ANSWER_MS),
    }).then(
      ({ ok }) => ok,
      () => false,
    );
  while (await isAnswered());
}

async function inTurn(workload, contenders) {
  const results = Object.fromEntries(contenders.map(({ subject }) => [subject.name, { rounds: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const { name } = contender.subject;
      const connections = CONNECTIONS_PER_WORKER * contender.serving;
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
  const [one, two, alone] = TEAMS.map(({ name }) => results[name].rounds);
  const shared = compare(one, two);
  const oneOfTwo = compare(one, alone);
  return [
    `two workers on one core: ${range(shared)} of what one does there; by that, on a core each: ${(2 * shared.ratio).toFixed(2)} times one`,
    `an answer takes ${shared.cpuRatio.toFixed(2)} of the processor time that one worker takes for it; by that, on a core each: ${(2 / shared.cpuRatio).toFixed(2)} times one`,
    `one of two, the other stopped: ${range(oneOfTwo)} of what one does, with ${oneOfTwo.cpuRatio.toFixed(2)} of the processor time; by that, on a core each: ${(2 * oneOfTwo.ratio).toFixed(2)} times one`,
  ].join('\n');
}

function range({ ratio, least, most }) {
  return `${ratio.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
