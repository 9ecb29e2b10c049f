import type { Socket } from 'node:net';

/** Answers that send away cost some 30 µs each, so this many a second take a few hundredths of a core, whoever insists. */
const WOKEN_PER_SECOND = 2000;

/** Longer than this no connection rests: where more insist, the rest are closed. */
const LONGEST_SECONDS = 5;
const MOST = WOKEN_PER_SECOND * LONGEST_SECONDS;

/**
 * Connections that were told to come back later, and are not read until then. What a caller sends all the same waits in the
 * kernel, where it costs nothing: reading and refusing it at once would take the time that the others' requests need.
 */
export class RestingConnections {
  /** In the order of their coming; those that were closed meanwhile are found out when they are woken. */
  readonly #resting = new Set<Socket>();
  readonly #coming = new Set<Socket>();
  #credit = 0;

  get size(): number {
    return this.#resting.size + this.#coming.size;
  }

  /** How long a connection that comes now will rest at most, in whole seconds. */
  get seconds(): number {
    return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(this.size / WOKEN_PER_SECOND)));
  }

  /** Lets a connection rest from the end of this turn on. False if it does already, or too many do: it is better closed. */
  add(socket: Socket): boolean {
    if (this.#coming.has(socket) || this.size >= MOST) return false;
    // Only when the parser is through with what it has read: it reads on by itself after each message.
    if (this.#coming.size === 0) setImmediate(this.#pause);
    this.#coming.add(socket);
    return true;
  }

  /** Reads those again whose time has come, and at least `free` of them, the longest resting first. */
  wake(elapsedMs: number, free: number): void {
    this.#credit += (WOKEN_PER_SECOND * elapsedMs) / 1000;
    const earned = Math.floor(this.#credit);
    this.#credit -= earned;
    let due = Math.max(earned, free);
    for (const socket of this.#resting) {
      if (due <= 0) return;
      this.#resting.delete(socket);
      if (socket.destroyed) continue;
      socket.resume();
      due -= 1;
    }
  }

  /** Reads them all again. */
  wakeAll(): void {
    this.wake(0, Infinity);
  }

  readonly #pause = (): void => {
    for (const socket of this.#coming) {
      if (socket.destroyed) continue;
      socket.pause();
      this.#resting.add(socket);
    }
    this.#coming.clear();
  };
}
