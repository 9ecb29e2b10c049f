// What a second worker costs: node bench/workers.mjs [seconds of a round] [rounds]
// One worker and two, A B A B, each on a PostgreSQL of its own, with as many connections for each worker: the batches of a worker
// grow with its load. Where the load generator and PostgreSQL share the cores with the workers, twice the workers are not twice the
// throughput; what shows is the processor time of a request, which is to stay.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChildren } from './children.mjs';
import { startDatabase } from './database.mjs';
import { defaultGenerator } from './load.mjs';
import { measure } from './measure.mjs';
import { startStagedoor } from './servers.mjs';
import { WORKLOADS } from './workloads.mjs';

const [seconds = '6', rounds = '3'] = process.argv.slice(2);
const CONNECTIONS_PER_WORKER = 64;
const options = { generator: defaultGenerator(), seconds: Number(seconds), rounds: 1 };
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-workers-'));
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void leave(1));
try {
  const contenders = [await start(1), await start(2)];
  say(
    `${availableParallelism()} cores, ${CONNECTIONS_PER_WORKER} connections for each worker, medians of ${rounds} rounds of ${seconds} s`,
  );
  for (const name of ['issue', 'introspect']) report(name, await inTurn(WORKLOADS[name], contenders));
  await leave(0);
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  await leave(1);
}

async function start(workers) {
  const name = `workers-${workers}`;
  const database = await startDatabase();
  cleanUps.push(() => database.stop());
  // The signature where the request is in both, so that what differs is the workers alone.
  const env = { OAUTH2_WORKERS: String(workers), OAUTH2_SIGNING_THREADS: '0' };
  const server = await startStagedoor(database.url, folder, undefined, { name, env });
  cleanUps.push(() => server.stop());
  await untilReady(server.base, workers);
  return { name, workers, server, database };
}

async function inTurn(workload, contenders) {
  const results = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const contender of contenders) {
      const connections = CONNECTIONS_PER_WORKER * contender.workers;
      const measured = await measure(workload, [contender], { ...options, connections }, () => undefined);
      results[contender.name].push(...measured[contender.name]);
    }
  }
  return results;
}

async function untilReady(base, workers) {
  for (;;) {
    const text = await (await fetch(`${base}/metrics`)).text();
    if (text.includes(`oauth2_server_workers{state="ready"} ${workers}\n`)) return;
    await sleep(100);
  }
}

function report(name, results) {
  const median = (contender, field) => {
    const values = results[contender].map((round) => round[field]).sort((one, other) => one - other);
    return values[Math.floor(values.length / 2)];
  };
  for (const contender of Object.keys(results)) {
    const ms = (field) => (median(contender, field) * 1000).toFixed(0);
    say(
      `${name}, ${contender}: ${median(contender, 'perSecond').toFixed(0)}/s, ${ms('cpuPer1000')} ms of processor time per 1000 ` +
        `(PostgreSQL ${ms('databaseCpuPer1000')}), p50 ${median(contender, 'p50Ms').toFixed(1)} ms, p99 ${median(contender, 'p99Ms').toFixed(1)} ms, ` +
        `${median(contender, 'statementsPer1').toFixed(3)} statements per request`,
    );
  }
  const ratio = (field) => (median('workers-2', field) / median('workers-1', field)).toFixed(2);
  say(
    `${name}: two workers to one: throughput ${ratio('perSecond')}, processor time per request ${ratio('cpuPer1000')}`,
  );
}

async function leave(code) {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await endChildren();
  process.exit(code);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
