import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import { InvalidRequest, TemporarilyUnavailable } from '../../oauth/errors.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';

const MIN_LENGTH = 12;

/** bcrypt looks at no more than this and would silently ignore the rest. */
const MAX_BYTES = 72;

/** Hashes that wait for a core; each takes a quarter of a second or so, and whoever waits longer has given up. */
const MAX_WAITING = 32;

/**
 * People's passwords: hashed by bcrypt in the thread pool, off the event loop. No more at once than there are cores, so
 * that a flood of logins leaves the pool and the actor to others; past a short queue a login is refused as overload.
 */
export class Passwords {
  readonly #cost: number;
  readonly #decoy: Promise<string>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `cost`: bcrypt's rounds as a power of two. */
  constructor(cost: number) {
    this.#cost = cost;
    this.#decoy = bcrypt.hash('nobody has this password', cost);
  }

  /** Throws InvalidRequest if the password is too short or longer than bcrypt can tell apart. */
  async hash(password: Sensitive): Promise<string> {
    const text = password.reveal();
    if ([...text].length < MIN_LENGTH) {
      throw new InvalidRequest(`A password needs at least ${MIN_LENGTH} characters`);
    }
    if (Buffer.byteLength(text) > MAX_BYTES) {
      throw new InvalidRequest(`A password may have at most ${MAX_BYTES} bytes`);
    }
    return this.#whenFree(() => bcrypt.hash(text, this.#cost));
  }

  /** Whether the password is right. Without a hash to compare with (no such user) it takes just as long and is false. */
  async verify(password: Sensitive, hash: string | undefined): Promise<boolean> {
    const text = password.reveal();
    const compared = hash ?? (await this.#decoy);
    const right = await this.#whenFree(() => bcrypt.compare(text, compared));
    return right && hash !== undefined && Buffer.byteLength(text) <= MAX_BYTES;
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
