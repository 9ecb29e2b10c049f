// What a second worker costs: node bench/workers.mjs [seconds of a round] [rounds]
// One worker and two, A B A B, each with a PostgreSQL of its own and 64 connections for each worker: the batches of a worker grow
// with its load. Where the load generator and PostgreSQL share the cores with the workers, two of them are not twice as fast; what
// shows is the processor time of a request, which is to stay.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDatabase } from './database.mjs';
import { ending } from './ending.mjs';
import { defaultGenerator } from './load.mjs';
import { measure } from './measure.mjs';
import { LEGEND, table } from './report.mjs';
import { startStagedoor } from './subjects/stagedoor.mjs';
import { WORKLOADS } from './workloads.mjs';

const CONNECTIONS_PER_WORKER = 64;
const WORKERS = [1, 2];
const [seconds = '6', rounds = '3'] = process.argv.slice(2);
const job = {
  generator: defaultGenerator(),
  seconds: Number(seconds),
  warmUpSeconds: 2,
  rounds: 1,
  tokens: 500,
};
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
  return { workers, subject, database };
}

async function inTurn(workload, contenders) {
  const results = Object.fromEntries(contenders.map(({ subject }) => [subject.name, { rounds: [] }]));
  for (let round = 0; round < Number(rounds); round += 1) {
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

function say(sentence) {
  process.stderr.write(`  ${sentence}\n`);
}
