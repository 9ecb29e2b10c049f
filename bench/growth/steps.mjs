// One step of the ladder: a database filled to its size, and a server on it.
import { openPostgres } from '../../dist/src/database/database.js';
import { TokenSweepStore } from '../../dist/src/actors/token/sweep-store.js';
import { cpuSeconds, residentMb } from '../children.mjs';
import { startStagedoor } from '../subjects/stagedoor.mjs';
import { fill, fillPartition, partitionOf } from './fill.mjs';
import { Http, load } from './requests.mjs';
import { workloadsOf } from './workloads.mjs';

/** The longest lifetime of a token: what is issued joins those of tomorrow's partition, which the step filled. */
const LIFETIME_SECONDS = 86_400;

const SWEEP_TIMEOUT_MS = 60_000;

/** So few that most requests miss it at the smallest step, too; by default, all of that step's would fit. */
const CLIENT_CACHE = '100';

export class Step {
  #database;
  #partition = partitionOf(LIFETIME_SECONDS);
  #settings;
  #server;
  #http;
  #workloads;

  /** Makes a database of the size. */
  static async prepare(size, postgres, { folder, secret }) {
    const name = `growth_${size.tokens}`;
    const step = new Step(size, await postgres.create(name), { name, folder, secret });
    // Migrates, and makes the signing keys.
    const first = await step.#start();
    await first.stop();
    const { run } = step.#database;
    await fill(run, size);
    await fillPartition(run, step.#partition, size);
    await run('vacuum analyze');
    await run('checkpoint');
    return step;
  }

  constructor(size, database, settings) {
    this.size = size;
    this.#database = database;
    this.#settings = settings;
  }

  /** Starts a server that has served nobody, and gives it what the workloads need. */
  async open(connections) {
    this.#server = await this.#start();
    this.#http = new Http(this.#server.base, connections);
    this.#workloads = await workloadsOf(this.#http, this.size, this.#settings.secret);
  }

  async close() {
    this.#http?.close();
    await this.#server?.stop();
  }

  residentMb() {
    return residentMb(this.#server.pids[0]);
  }

  async measure(workload, { connections, seconds }) {
    const [pid] = this.#server.pids;
    const cpuBefore = cpuSeconds(pid);
    const seen = await load(this.#workloads[workload], { connections, seconds });
    return { ...seen, cpuPer1000: ((cpuSeconds(pid) - cpuBefore) / seen.answered) * 1000 };
  }

  /** What this step's database was asked so far. */
  databaseWork() {
    return this.#database.work();
  }

  /**
   * How long the sweep takes for an empty partition and for the full one, in milliseconds: it is told a time by which one more
   * has expired.
   */
  async measureSweep() {
    const { from, to } = this.#partition;
    const database = openPostgres({
      url: this.#database.url,
      poolSize: 2,
      statementTimeoutMs: SWEEP_TIMEOUT_MS,
    });
    try {
      const sweep = new TokenSweepStore(database.queriesOf('bench'));
      const dropAt = async (end) => {
        const startedAt = performance.now();
        await sweep.dropPartitions(new Date(end.getTime() + 3_600_000));
        return performance.now() - startedAt;
      };
      // Connected, with nothing to drop yet.
      await dropAt(new Date(0));
      // The day before has no tokens.
      return { emptyMs: await dropAt(from), fullMs: await dropAt(to) };
    } finally {
      await database.close();
    }
  }

  #start() {
    const { name, folder, secret } = this.#settings;
    return startStagedoor({
      databaseUrl: this.#database.url,
      folder,
      name,
      env: {
        OAUTH2_SECRET: secret,
        OAUTH2_ACCESS_TOKEN_EXPIRATION: String(LIFETIME_SECONDS),
        OAUTH2_CLIENT_CACHE_SIZE: CLIENT_CACHE,
      },
    });
  }
}
