import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from '../metrics/aggregate.ts';
import { TemporarilyUnavailable } from '../oauth/errors.ts';
import {
  FIRST_WORKER,
  WORKER_NUMBER,
  type DrainReason,
  type Exposed,
  type ToPrimary,
  type ToWorker,
} from './protocol.ts';

/** Longer than the primary takes with workers that do not answer it. */
const EXPOSE_TIMEOUT_MS = 3000;

/** A primary that does not hear is no reason to stay. */
const FAREWELL_MS = 500;

/** One of several workers, as it sees itself: what it has to do with its primary. */
export class Member {
  /** Which it is, from 1 on. */
  readonly number: number;
  /** Whether it has to do what is to be done once. */
  readonly isFirst: boolean;
  readonly #worker: Worker;
  readonly #expositions = new Map<number, (exposition: Exposed | undefined) => void>();
  #collect: () => Promise<Figures> = async () => [];
  #drain: (reason: DrainReason) => void = () => undefined;
  #drainReason: DrainReason | undefined;
  #lastId = 0;

  constructor(worker: Worker, env: NodeJS.ProcessEnv) {
    this.#worker = worker;
    this.number = Number(env[WORKER_NUMBER]);
    this.isFirst = env[FIRST_WORKER] === '1';
    // It is the primary that restarts; a terminal sends this to all of its processes.
    process.on('SIGHUP', () => undefined);
    worker.on('message', (message: ToWorker) => {
      if (message.kind === 'drain') this.#end(message.reason);
      else if (message.kind === 'exit') process.exit(1);
      else if (message.kind === 'collect') void this.#sendFigures(message.id);
      else this.#expositions.get(message.id)?.(message.exposition);
    });
    worker.on('disconnect', () => {
      // Otherwise Node would end a worker that lost its primary on the spot, whatever it is about.
      worker.exitedAfterDisconnect = true;
      this.#end('shutdown');
    });
  }

  /** `collect` gives its figures, when the primary wants them. */
  collectBy(collect: () => Promise<Figures>): void {
    this.#collect = collect;
  }

  /** `drain` is called when it is to end: told to, or because the primary is gone. */
  drainBy(drain: (reason: DrainReason) => void): void {
    this.#drain = drain;
    if (this.#drainReason !== undefined) drain(this.#drainReason);
  }

  /** Whether another has taken its place, so that the server as a whole goes on. */
  get isReplaced(): boolean {
    return this.#drainReason === 'replaced';
  }

  /** It can serve. */
  ready(): void {
    this.#tell({ kind: 'ready' });
  }

  /** The figures of all workers, of which only the primary knows. */
  readonly expose = async (): Promise<Exposed> => {
    const id = (this.#lastId += 1);
    const answered = new Promise<Exposed | undefined>((resolve) => this.#expositions.set(id, resolve));
    this.#tell({ kind: 'expose', id });
    const tooLate = sleep(EXPOSE_TIMEOUT_MS, undefined, { ref: false });
    const exposition = await Promise.race([answered, tooLate]);
    this.#expositions.delete(id);
    if (!exposition) throw new TemporarilyUnavailable('deadline');
    return exposition;
  };

  /** Before it ends: what it has counted is not to be lost. */
  async leave(): Promise<void> {
    if (!this.#worker.isConnected()) return;
    await Promise.race([this.#sendFigures(undefined), sleep(FAREWELL_MS)]);
  }

  #end(reason: DrainReason): void {
    this.#drainReason = reason;
    this.#drain(reason);
  }

  async #sendFigures(id: number | undefined): Promise<void> {
    const figures = await this.#collect();
    await new Promise<void>((resolve) => {
      this.#tell({ kind: 'figures', id, figures }, resolve);
    });
  }

  #tell(message: ToPrimary, done: () => void = () => undefined): void {
    if (!this.#worker.isConnected()) {
      done();
      return;
    }
    this.#worker.send(message, undefined, done);
  }
}
