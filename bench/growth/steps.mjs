// One step of the ladder: the database filled to its size, a fresh server on it, and each workload measured.
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres } from '../../dist/src/database/database.js';
import { TokenSweepStore } from '../../dist/src/actors/token/sweep-store.js';
import { cpuSeconds, residentMb } from '../children.mjs';
import { startStagedoor } from '../subjects/stagedoor.mjs';
import { fillPartition, fillUpTo, partitionOf } from './fill.mjs';
import { Http, load } from './requests.mjs';
import { workloadsOf } from './workloads.mjs';

/** The longest lifetime of a token: what is issued joins those of tomorrow's partition, which the step filled. */
const LIFETIME_SECONDS = 86_400;
const WARM_UP_SECONDS = 2;
const SETTLE_MS = 1500;

/** So few that most requests miss it at the smallest step, too; at its default, the smallest would fit. */
const CLIENT_CACHE = '100';

/** Also what a sweep of a partition may take here; the server's default would do, but the figure is to be had in any case. */
const SWEEP_TIMEOUT_MS = 60_000;

/**
 * @param {import('./fill.mjs').Size} before what is there already
 * @param {import('./fill.mjs').Size} size
 * @param {{ database: import('./database.mjs').GrowthDatabase, folder: string, secret: string, say: (sentence: string) => void }} run
 * @param {import('./options.mjs').Options} options
 */
export async function measureStep(before, size, run, options) {
  const { database, folder, secret, say } = run;
  const partition = partitionOf(LIFETIME_SECONDS);
  const filledAt = performance.now();
  await fillUpTo(database.run, before, size);
  await fillPartition(database.run, partition, size);
  await database.run('vacuum analyze');
  await database.run('checkpoint');
  say(`filled in ${Math.round((performance.now() - filledAt) / 1000)} s`);
  const server = await startStagedoor({
    databaseUrl: database.url,
    folder,
    name: `growth-${size.tokens}`,
    env: {
      OAUTH2_SECRET: secret,
      OAUTH2_ACCESS_TOKEN_EXPIRATION: String(LIFETIME_SECONDS),
      OAUTH2_CLIENT_CACHE_SIZE: CLIENT_CACHE,
    },
  });
  const http = new Http(server.base, options.connections);
  try {
    const workloads = await workloadsOf(http, size, secret);
    await sleep(SETTLE_MS);
    const results = {};
    for (const name of options.workloads) {
      results[name] = await measure(workloads[name], server, database, options);
      const { p50Ms, statements, buffers } = results[name];
      say(
        `${name}: p50 ${p50Ms.toFixed(2)} ms, ${statements.toFixed(2)} statements, ${buffers.toFixed(1)} buffers`,
      );
    }
    return { ...size, workloads: results, residentMb: residentMb(server.pids[0]), partition };
  } finally {
    http.close();
    await server.stop();
  }
}

/** The median of some rounds, by latency. */
async function measure(work, server, database, { connections, seconds, rounds }) {
  await load(work, { connections, seconds: WARM_UP_SECONDS });
  const measured = [];
  while (measured.length < rounds) {
    const [before, cpuBefore] = [await database.work(), cpuSeconds(server.pids[0])];
    const seen = await load(work, { connections, seconds });
    const [after, cpuAfter] = [await database.work(), cpuSeconds(server.pids[0])];
    measured.push({
      ...seen,
      statements: (after.statements - before.statements) / seen.answered,
      buffers: (after.buffers - before.buffers) / seen.answered,
      databaseCpuPer1000: ((after.cpuSeconds - before.cpuSeconds) / seen.answered) * 1000,
      cpuPer1000: ((cpuAfter - cpuBefore) / seen.answered) * 1000,
    });
  }
  const median = (key) => measured.map((round) => round[key]).sort((a, b) => a - b)[(rounds - 1) >> 1];
  return Object.fromEntries(Object.keys(measured[0]).map((key) => [key, median(key)]));
}

/**
 * How long the sweep takes for an empty partition and for the full one, in milliseconds: it is told a time by which one more
 * partition has expired.
 */
export async function measureSweep(url, { from, to }) {
  const database = openPostgres({ url, poolSize: 2, statementTimeoutMs: SWEEP_TIMEOUT_MS });
  try {
    const sweep = new TokenSweepStore(database.queriesOf('bench'));
    const dropAt = async (end) => {
      const startedAt = performance.now();
      await sweep.dropPartitions(new Date(end.getTime() + 3_600_000));
      return performance.now() - startedAt;
    };
    // The day before has none.
    const emptyMs = await dropAt(from);
    const fullMs = await dropAt(to);
    return { emptyMs, fullMs };
  } finally {
    await database.close();
  }
}
