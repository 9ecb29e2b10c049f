import cluster from 'node:cluster';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { Ending } from '../ending.ts';
import { openLog } from '../log.ts';
import { createPrimaryMetrics } from '../metrics/metrics.ts';
import { systemSources } from '../system-sources.ts';
import { AllFigures } from './all-figures.ts';
import { Place } from './place.ts';
import type { DrainReason } from './protocol.ts';
import { WorkerProcess } from './worker-process.ts';

/** What a worker's end may take beyond the time that its requests have: its actors, its traces, its metrics. */
const DRAIN_MARGIN_MS = 3000;

/** Has `count` workers serve, and sees to it that they do, until a signal or a fault ends them all; resolves to the exit code. */
export async function superviseWorkers(
  config: Config,
  warnings: readonly string[],
  count: number,
): Promise<number> {
  // Its workers log there as well.
  const log = openLog(config.logLevel, 1, {});
  const { logger } = log;
  for (const warning of warnings) logger.warn(warning);
  // JSON has no Infinity, which some figures are.
  cluster.setupPrimary({ serialization: 'advanced' });
  const workers = new Workers(config, logger, count);
  const ending = new Ending(logger, () => workers.endAtOnce());
  workers.onExhausted = () => {
    ending.end(1);
  };
  let metricsPort: Server | undefined;
  try {
    metricsPort = await openMetrics(config, logger, workers);
    const opened = workers.open();
    onHangUp(ending, () => void opened.then(() => workers.restartEach()));
    const exitCode = (await Promise.race([opened, ending.wait()])) ?? (await ending.wait());
    // Where the workers serve on first, they say when they drain.
    const reason = ending.isAnnounced && config.shutdownDelayMs > 0 ? 'announced' : 'shutdown';
    if (ending.isNear && reason === 'shutdown') logger.info('draining');
    const drained = await workers.close(reason);
    return drained ? exitCode : Math.max(1, exitCode);
  } finally {
    metricsPort?.close();
    metricsPort?.closeAllConnections();
    logger.info('stopped');
    log.flush();
  }
}

/** Not loaded unless it is needed: the primary is to be small. */
async function openMetrics(config: Config, logger: Logger, workers: Workers): Promise<Server | undefined> {
  if (config.metricsPort === undefined) return undefined;
  const { openMetricsPort } = await import('../listen-at.ts');
  const parts = { logger, sources: systemSources, requestObservers: [] };
  return openMetricsPort(config, workers.figures.expose, parts);
}

/** SIGHUP restarts the workers; where a terminal sends it, that is closed and nobody wants to go on. */
function onHangUp(ending: Ending, restart: () => void): void {
  process.on('SIGHUP', () => {
    if (process.stdin.isTTY) ending.end(0);
    else restart();
  });
}

/** All workers of this process. */
class Workers {
  readonly figures: AllFigures;
  onExhausted: () => void = () => undefined;
  readonly #logger: Logger;
  readonly #places: readonly Place[];
  readonly #processes = new Set<WorkerProcess>();
  #restarts = 0;
  #isFirst = true;
  #restartsWanted = 0;
  #isClosed = false;

  constructor(config: Config, logger: Logger, count: number) {
    this.#logger = logger;
    this.#places = Array.from({ length: count }, (_, index) => {
      const drainMs = config.shutdownDelayMs + config.shutdownTimeoutMs + DRAIN_MARGIN_MS;
      return new Place(index + 1, {
        logger,
        limits: config,
        drainMs,
        start: (number) => this.#start(number),
        onRestart: () => (this.#restarts += 1),
        onExhausted: () => {
          this.onExhausted();
        },
      });
    });
    const metrics = createPrimaryMetrics(() => ({
      wanted: count,
      ready: this.#places.filter(({ isServed }) => isServed).length,
      restarts: this.#restarts,
    }));
    this.figures = new AllFigures(metrics.figures);
  }

  /** Starts the first, which does what is to be done once, and then the others; resolves to an exit code if the first cannot start. */
  async open(): Promise<number | undefined> {
    const [place, ...others] = this.#places;
    const first = place?.open('once');
    this.#isFirst = false;
    if (!first || this.#isClosed) return undefined;
    if (!(await first.ready)) return (await first.ended).code ?? 1;
    const rest = others.map((other) => other.open());
    await Promise.all(rest.map(({ ready }) => ready));
    const ready = this.#places.filter(({ isServed }) => isServed).length;
    this.#logger.info({ workers: ready }, 'workers are ready');
    return undefined;
  }

  /** Has another take over from each, one at a time; stops at one that does not become ready. */
  async restartEach(): Promise<void> {
    this.#restartsWanted += 1;
    // One that is under way begins anew at its end, once, however many were wanted meanwhile.
    if (this.#restartsWanted > 1) return;
    do {
      this.#restartsWanted = 1;
      await this.#restartOnce();
    } while (this.#restartsWanted > 1);
    this.#restartsWanted = 0;
  }

  /** Resolves to whether all ended by themselves. */
  async close(reason: DrainReason): Promise<boolean> {
    this.#isClosed = true;
    const drained = await Promise.all(this.#places.map((place) => place.close(reason)));
    return drained.every(Boolean);
  }

  async endAtOnce(): Promise<void> {
    await Promise.all([...this.#processes].map((worker) => worker.endAtOnce()));
  }

  async #restartOnce(): Promise<void> {
    this.#logger.info('restarting the workers, one at a time');
    for (const place of this.#places) {
      const outcome = await place.replace();
      if (outcome === 'replaced') continue;
      if (outcome === 'kept') {
        this.#logger.error(
          { ofWorker: place.number },
          'another worker did not become ready; the old one serves on, and no more are restarted',
        );
      }
      return;
    }
    this.#logger.info('the workers were restarted');
  }

  #start(number: number): WorkerProcess {
    const worker = new WorkerProcess(number, this.#isFirst, this.figures.expose);
    this.#processes.add(worker);
    this.figures.add(worker);
    void worker.ended.then(() => this.#processes.delete(worker));
    this.#logger.info({ ofWorker: number, pid: worker.pid }, 'worker started');
    return worker;
  }
}
