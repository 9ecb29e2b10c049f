/** Why a request was turned away: as many are in progress as may be, it would have waited too long behind them, or too many probe. */
export const SHED_REASONS = ['limit', 'wait', 'probes'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

/** How much the server takes on at once. */
export interface AdmissionLimits {
  /** Requests in progress. */
  readonly requests: number;
  /** What a request may have to wait for those before it. */
  readonly waitMs: number;
}

/** So many are always let in: the estimate of a process that has just started, or just paused, is too high. */
const ALWAYS = 64;

/** Windows with fewer requests say little about what one costs. */
const MIN_SAMPLE = 20;

/** What it costs to turn a request away, measured in requests served. */
const SHED_COST = 1 / 8;

/** The weight of the newest window: some ten windows ago is forgotten. */
const NEWEST = 0.3;

/**
 * Says how many requests may be in progress. A new one waits for those before it, and they wait for the event loop, so what it
 * will wait is their number times the time that one keeps the loop busy. A slow database or password hash keeps nobody busy
 * here: that is for the mailboxes and their deadlines to bound.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  /** What a window lately had of both. Averages of their own: a pause of the machine would make one window's quotient enormous. */
  #busyMs = 0;
  #served = 0;
  /** So many can be served within the wait. */
  #bearable = Infinity;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Requests that may be in progress now. */
  get room(): number {
    return Math.min(this.#limits.requests, this.#bearable);
  }

  /** Why one more must be turned away while so many are in progress and so many wait for their turn; undefined if it need not. */
  refusal(inProgress: number, waiting: number): ShedReason | undefined {
    if (inProgress >= this.#limits.requests) return 'limit';
    return inProgress + waiting >= this.#bearable ? 'wait' : undefined;
  }

  /**
   * Told from time to time how long the event loop was busy, and with how many requests: served ones, and turned away. False if
   * they are too few to say anything.
   */
  measured(busyMs: number, served: number, shed: number): boolean {
    if (served < MIN_SAMPLE) return false;
    const weight = this.#served === 0 ? 1 : NEWEST;
    this.#busyMs += weight * (busyMs - this.#busyMs);
    // Without this, those turned away would make each served one dearer, the room smaller, and more be turned away.
    this.#served += weight * (served + SHED_COST * shed - this.#served);
    const bearable = (this.#limits.waitMs * this.#served) / this.#busyMs;
    this.#bearable = Math.max(ALWAYS, Math.floor(bearable));
    return true;
  }
}
