import { availableParallelism } from 'node:os';
import { InvalidRequest, TemporarilyUnavailable } from '../../oauth/errors.ts';
import { isTooLongPassword, passwordProblem } from '../../oauth/account-rules.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { lazily } from '../../lazily.ts';

/** Hashes that wait for a core; each takes a quarter of a second or so, and whoever waits longer has given up. */
const MAX_WAITING = 32;

/** A server that issues tokens to programs hashes no password. */
const loadBcrypt = lazily(async () => (await import('bcrypt')).default);

/** A salt and a hash of bcrypt's form that no password is known to; comparing with it takes what any comparison does. */
const DECOY = 'Q5dLEsjyLxPUgSRHAP7QKO7gWLIIvsGZKvyZg8nTyGwkPDSqqvOR2';

/**
 * People's passwords: hashed by bcrypt in the thread pool, off the event loop. No more at once than there are cores, so
 * that a flood of logins leaves the pool and the actor to others; past a short queue a login is refused as overload.
 */
export class Passwords {
  readonly #cost: number;
  /** The highest cost met so far: what every verdict takes the time of. */
  #slowest: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `cost`: bcrypt's rounds as a power of two. */
  constructor(cost: number) {
    this.#cost = cost;
    this.#slowest = cost;
  }

  /** Throws InvalidRequest if the password is too short or longer than bcrypt can tell apart. */
  checkFitness(password: Sensitive): void {
    const text = password.reveal();
    const problem = passwordProblem(text);
    if (problem !== undefined) throw new InvalidRequest(problem);
  }

  /** Throws InvalidRequest if the password is unfit. */
  async hash(password: Sensitive): Promise<string> {
    this.checkFitness(password);
    const text = password.reveal();
    const bcrypt = await loadBcrypt();
    return this.#whenFree(() => bcrypt.hash(text, this.#cost));
  }

  /**
   * Whether the password is right. Without a hash to compare with (no such user) it is false and takes just as long, also
   * where hashes were made at another cost than today's.
   */
  async verify(password: Sensitive, hash: string | undefined): Promise<boolean> {
    const text = password.reveal();
    const compared = hash ?? `$2b$${String(this.#cost).padStart(2, '0')}$${DECOY}`;
    const cost = costOf(compared);
    const bcrypt = await loadBcrypt();
    this.#slowest = Math.max(this.#slowest, cost);
    const right = await this.#whenFree(async () => {
      const matches = await bcrypt.compare(text, compared);
      // Each cost takes twice the time of the one before, so these add up to what is missing.
      for (let step = cost; step < this.#slowest; step += 1) await bcrypt.hash(text, step);
      return matches;
    });
    return right && hash !== undefined && !isTooLongPassword(text);
  }

  /** Whether a hash was made at another cost than today's, and should be made anew while the password is at hand. */
  isOutdated(hash: string): boolean {
    return costOf(hash) !== this.#cost;
  }

  async #whenFree<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= availableParallelism()) {
      if (this.#waiting.length >= MAX_WAITING) throw new TemporarilyUnavailable('overload');
      // Whoever finishes hands its place over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

/** A hash names its cost: $2b$12$… */
function costOf(hash: string): number {
  return Number(hash.split('$')[2]);
}
