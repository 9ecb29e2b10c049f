import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from '../metrics/aggregate.ts';
import {
  FIRST_WORKER,
  WORKER_NUMBER,
  type DrainReason,
  type Exposed,
  type ToPrimary,
  type ToWorker,
} from './protocol.ts';

/** A worker that is so busy that it does not even hear that it is to end is killed. */
const LAST_WORDS_MS = 1500;

/** What a worker said before it ended is heard by then. */
const HANG_UP_MS = 1000;

/** How a worker ended. */
export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly livedMs: number;
}

/** A worker, as the primary sees it. */
export class WorkerProcess {
  readonly number: number;
  /** False if it ended before it could serve. */
  readonly ready: Promise<boolean>;
  /** Once it is gone, and all that it said has been heard. */
  readonly ended: Promise<End>;
  /** The figures it last sent. */
  lastFigures: Figures = [];
  readonly #worker: Worker;
  readonly #startedAtMs = performance.now();
  readonly #answers = new Map<number, () => void>();
  #drainReason: DrainReason | undefined;
  #isReady = false;
  #hasEnded = false;

  /** Starts it. `isFirst`: it has to do what is to be done once. `onExpose`: it asks for the figures of all workers. */
  constructor(number: number, isFirst: boolean, onExpose: () => Promise<Exposed>) {
    this.number = number;
    this.#worker = cluster.fork({ [WORKER_NUMBER]: String(number), [FIRST_WORKER]: isFirst ? '1' : '' });
    // A worker that cannot be told anything is about to end, of which we hear anyway.
    this.#worker.on('error', () => undefined);
    this.ended = this.#untilEnded();
    this.ready = new Promise((resolve) => {
      void this.ended.then(() => {
        resolve(false);
      });
      this.#worker.on('message', (message: ToPrimary) => {
        if (message.kind === 'ready') {
          this.#isReady = true;
          // While it loads its code it hears nothing.
          if (this.#drainReason !== undefined) this.#tell({ kind: 'drain', reason: this.#drainReason });
          resolve(true);
        } else if (message.kind === 'figures') this.#hear(message.id, message.figures);
        else void this.#answer(message.id, onExpose());
      });
    });
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#hasEnded;
  }

  get wasReady(): boolean {
    return this.#isReady;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Asks for its figures; resolves when they have come or the time is over. */
  async collect(id: number, timeoutMs: number): Promise<void> {
    if (this.#hasEnded) return;
    const answered = new Promise<void>((resolve) => this.#answers.set(id, resolve));
    this.#tell({ kind: 'collect', id });
    // Not raced with its end, which would keep each of these for as long as the worker lives.
    await Promise.race([answered, sleep(timeoutMs, undefined, { ref: false })]);
    this.#answers.delete(id);
  }

  /** Has it end after what it is about, and ends it if that takes longer than `timeoutMs`; resolves to whether it ended by itself. */
  async drain(reason: DrainReason, timeoutMs: number): Promise<boolean> {
    this.#drainReason = reason;
    this.#tell({ kind: 'drain', reason });
    const inTime = await Promise.race([this.ended.then(() => true), sleep(timeoutMs, false, { ref: false })]);
    if (inTime) return true;
    this.kill();
    await this.ended;
    return false;
  }

  /** Ends it at once, whatever it is about, with time for nothing but the lines of its log that it has kept back. */
  async endAtOnce(): Promise<void> {
    this.#tell({ kind: 'exit' });
    await Promise.race([this.ended, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    this.kill();
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  async #untilEnded(): Promise<End> {
    const worker = this.#worker;
    let end = { code: null as number | null, signal: null as string | null };
    // Without an id it was not even started. The last that it said may come after the news of its end.
    if (this.pid !== undefined) {
      const exited = new Promise<void>((resolve) => {
        worker.once('exit', (code: number | null, signal: string | null) => {
          end = { code, signal };
          resolve();
        });
      });
      const hungUp = new Promise<void>((resolve) => {
        worker.once('disconnect', resolve);
        // Node never says so of one that died with a connection on its way to it.
        void exited.then(() => setTimeout(resolve, HANG_UP_MS));
      });
      await Promise.all([exited, hungUp]);
    }
    this.#hasEnded = true;
    for (const answered of this.#answers.values()) answered();
    return { ...end, livedMs: performance.now() - this.#startedAtMs };
  }

  #hear(id: number | undefined, figures: Figures): void {
    this.lastFigures = figures;
    if (id !== undefined) this.#answers.get(id)?.();
  }

  async #answer(id: number, exposed: Promise<Exposed>): Promise<void> {
    const exposition = await exposed.catch(() => undefined);
    this.#tell({ kind: 'exposition', id, exposition });
  }

  #tell(message: ToWorker): void {
    if (!this.#worker.isConnected()) return;
    this.#worker.send(message, undefined, () => undefined);
  }
}
