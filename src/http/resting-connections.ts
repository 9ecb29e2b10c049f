import type { Socket } from 'node:net';

/** Longer than this no connection rests, nor do more rest than are closed instead. */
const LONGEST_MS = 5000;
const MOST = 10_000;

/**
 * To send somebody away costs about an eighth of what it costs to serve. With two sent away for five served, that is a twentieth
 * of the time, however many insist.
 */
const WOKEN_PER_SERVED = 0.4;

/** Where hardly anything is served, they come back all the same. */
const WOKEN_PER_SECOND = 100;

/** A turn may come to one connection twice; who is sent away more often has sent many requests in one piece. */
const IN_ONE_TURN = 4;

/** How much of the pace is what it was a tick ago. */
const STEADINESS = 0.9;

/**
 * Connections that were told to come back later, and are not read until then. What a caller sends all the same waits in the
 * kernel, where it costs nothing: reading and refusing it at once would take the time that the others' requests need.
 */
export class RestingConnections {
  /** Since when each rests, in the order of their coming; those that were closed meanwhile are found out when they are woken. */
  readonly #resting = new Map<Socket, number>();
  /** How often each was sent away in this turn. */
  readonly #coming = new Map<Socket, number>();
  #isClosed = false;
  #credit = 0;
  #perSecond = WOKEN_PER_SECOND;

  get size(): number {
    return this.#resting.size + this.#coming.size;
  }

  /** How long a connection that comes now is likely to rest, in whole seconds. */
  get seconds(): number {
    return Math.min(LONGEST_MS / 1000, Math.max(1, Math.ceil(this.size / this.#perSecond)));
  }

  /** Lets a connection rest from the end of this turn on. False if it or too many others insist: it is better closed. */
  add(socket: Socket): boolean {
    if (this.#isClosed) return false;
    const times = this.#coming.get(socket) ?? 0;
    if (times >= IN_ONE_TURN || this.size >= MOST) return false;
    // Only when the parser is through with what was read: it reads on by itself after each message.
    if (this.#coming.size === 0) setImmediate(this.#pause);
    this.#coming.set(socket, times + 1);
    return true;
  }

  /**
   * Reads those again whose time has come, the longest resting first: as many as what was served in these milliseconds allows
   * for, at least `free` of them, and all that have rested for long.
   */
  wake(elapsedMs: number, served: number, free: number): void {
    if (elapsedMs > 0) {
      const earned = Math.max(WOKEN_PER_SERVED * served, (WOKEN_PER_SECOND * elapsedMs) / 1000);
      this.#credit += earned;
      this.#perSecond = STEADINESS * this.#perSecond + ((1 - STEADINESS) * earned * 1000) / elapsedMs;
    }
    let due = Math.floor(this.#credit);
    this.#credit -= due;
    due = Math.max(due, free);
    const longAgoMs = performance.now() - LONGEST_MS;
    for (const [socket, sinceMs] of this.#resting) {
      if (due <= 0 && sinceMs > longAgoMs) return;
      this.#resting.delete(socket);
      if (socket.destroyed) continue;
      socket.resume();
      due -= 1;
    }
  }

  /** Reads them all again, and lets none rest any more; those neither that were sent away in this very turn. */
  close(): void {
    this.#isClosed = true;
    this.#coming.clear();
    this.wake(0, 0, Infinity);
  }

  readonly #pause = (): void => {
    const nowMs = performance.now();
    for (const socket of this.#coming.keys()) {
      if (socket.destroyed) continue;
      socket.pause();
      this.#resting.set(socket, nowMs);
    }
    this.#coming.clear();
  };
}
