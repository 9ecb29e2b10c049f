const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/** A worker that lived as long as this starts well: the next one need not wait. */
const PROVEN_MS = 60_000;

export interface RestartLimits {
  /** More deaths than this within the window, and there is no use in another try. */
  readonly restartLimit: number;
  readonly restartWindowMs: number;
}

/** Decides when a worker that died is replaced: the more often it dies the later, and in the end not any more. */
export class Restarts {
  readonly #limits: RestartLimits;
  #deathsMs: number[] = [];
  #delayMs = 0;

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /** How long to wait before the next start, in milliseconds; undefined to give up. `livedMs`: what the dead one lived. */
  afterDeath(nowMs: number, livedMs: number): number | undefined {
    const { restartLimit, restartWindowMs } = this.#limits;
    this.#deathsMs = [...this.#deathsMs.filter((atMs) => nowMs - atMs < restartWindowMs), nowMs];
    if (this.#deathsMs.length > restartLimit) return undefined;
    const isFirst = this.#delayMs === 0 || livedMs >= PROVEN_MS;
    this.#delayMs = isFirst ? FIRST_DELAY_MS : Math.min(LONGEST_DELAY_MS, this.#delayMs * 2);
    return this.#delayMs;
  }
}
