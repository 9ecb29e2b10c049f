import { cached } from '../cached.ts';
import { exposeTogether, keptOf, type Figures } from '../metrics/aggregate.ts';
import type { Exposed } from './protocol.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that is too busy to answer in this time is shown as it was when it last did. */
const PATIENCE_MS = 1000;

/** Scrapes that come at the same time share an answer. */
const SHARED_MS = 100;

/** The figures of all workers, those that have ended included, as those of one process. */
export class AllFigures {
  readonly #own: () => Promise<Figures>;
  readonly #workers = new Set<WorkerProcess>();
  #kept: Figures = [];
  #lastId = 0;

  /** `own`: the figures of the primary. */
  constructor(own: () => Promise<Figures>) {
    this.#own = own;
  }

  /** From now on a worker's figures count, and what it counted does so after its end. */
  add(worker: WorkerProcess): void {
    this.#workers.add(worker);
    void worker.ended.then(() => {
      this.#workers.delete(worker);
      this.#kept = keptOf([this.#kept, worker.lastFigures]);
    });
  }

  readonly expose: () => Promise<Exposed> = cached(() => this.#gather(), SHARED_MS);

  async #gather(): Promise<Exposed> {
    const id = (this.#lastId += 1);
    await Promise.all([...this.#workers].map((worker) => worker.collect(id, PATIENCE_MS)));
    const own = await this.#own();
    // Taken at one moment: a worker is among those that live or among those that are kept, never in both.
    const living = [...this.#workers].map(({ lastFigures }) => lastFigures);
    return exposeTogether([own, this.#kept, ...living]);
  }
}
