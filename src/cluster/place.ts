import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DrainReason } from './protocol.ts';
import { Restarts, type RestartLimits } from './restarts.ts';
import type { End, WorkerProcess } from './worker-process.ts';

/** A replacement that needs longer than this to become ready is not worth waiting for. */
const READY_TIMEOUT_MS = 60_000;

export interface PlaceParts {
  readonly logger: Logger;
  readonly limits: RestartLimits;
  /** What a worker that was told to end is given for it. */
  readonly drainMs: number;
  readonly start: (number: number) => WorkerProcess;
  /** Called when a worker died that is to be replaced. */
  readonly onRestart: () => void;
  /** Called when workers died too often to be replaced. */
  readonly onExhausted: (number: number) => void;
}

/** One of the workers' places: sees to it that there is a worker in it. */
export class Place {
  readonly number: number;
  readonly #parts: PlaceParts;
  readonly #restarts: Restarts;
  /** Everybody who was started here and has not ended. */
  readonly #all = new Set<WorkerProcess>();
  #worker: WorkerProcess | undefined;
  /** Who is to take over from it. */
  #next: WorkerProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(number: number, parts: PlaceParts) {
    this.number = number;
    this.#parts = parts;
    this.#restarts = new Restarts(parts.limits);
  }

  /** Starts a worker. `once`: if it cannot start, no other is tried. */
  open(attempt: 'once' | 'always' = 'always'): WorkerProcess {
    this.#worker = this.#launch(attempt);
    return this.#worker;
  }

  /** Whether a worker is in it that can serve. */
  get isServed(): boolean {
    return this.#worker?.isReady ?? false;
  }

  /**
   * Starts another worker and, once it is ready, has the old one drain. The old one is kept if the other does not become ready.
   */
  async replace(): Promise<'replaced' | 'kept' | 'closed'> {
    if (this.#isClosed) return 'closed';
    clearTimeout(this.#timer);
    const next = (this.#next = this.#launch());
    const inTime = sleep(READY_TIMEOUT_MS, false, { ref: false });
    const isReady = (await Promise.race([next.ready, inTime])) && !next.hasEnded;
    this.#next = undefined;
    if (this.#isOver()) return 'closed';
    if (!isReady) {
      next.kill();
      // The old one may have died meanwhile.
      if (!this.#worker) this.#startLater(await next.ended);
      return 'kept';
    }
    const old = this.#worker;
    this.#worker = next;
    if (old && !(await old.drain('replaced', this.#parts.drainMs))) {
      this.#parts.logger.warn(
        { ofWorker: this.number },
        'a worker was replaced but did not drain in time, and was killed',
      );
    }
    return 'replaced';
  }

  /** Has its workers end, and starts no more; resolves to whether they ended by themselves. */
  async close(reason: DrainReason): Promise<boolean> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const drained = await Promise.all(
      [...this.#all].map((worker) => worker.drain(reason, this.#parts.drainMs)),
    );
    return drained.every(Boolean);
  }

  #isOver(): boolean {
    return this.#isClosed;
  }

  #launch(attempt: 'once' | 'always' = 'always'): WorkerProcess {
    const worker = this.#parts.start(this.number);
    this.#all.add(worker);
    void worker.ended.then((end) => {
      this.#all.delete(worker);
      // One that was replaced was told to end.
      if (worker !== this.#worker) return;
      this.#worker = undefined;
      // Where another is on its way already, there is nothing to do unless that fails.
      if (this.#next || (attempt === 'once' && !worker.wasReady)) return;
      this.#startLater(end);
    });
    return worker;
  }

  #startLater({ code, signal, livedMs }: End): void {
    if (this.#isClosed) return;
    const { logger, onRestart, onExhausted } = this.#parts;
    const delayMs = this.#restarts.afterDeath(performance.now(), livedMs);
    const how = { ofWorker: this.number, ...(signal === null ? { code } : { signal }) };
    if (delayMs === undefined) {
      logger.fatal(how, 'a worker died too often; the process ends so that it can be replaced');
      onExhausted(this.number);
      return;
    }
    logger.error({ ...how, delayMs }, 'a worker died and is replaced');
    this.#timer = setTimeout(() => {
      onRestart();
      this.open();
    }, delayMs);
  }
}
