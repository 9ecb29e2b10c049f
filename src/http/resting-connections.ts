import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** Longer than this no connection rests, nor do more rest than are closed instead. */
const LONGEST_MS = 5000;
const MOST = 10_000;

/**
 * To send somebody away costs about an eighth of what it costs to serve. With one sent away for five served, that is a fortieth
 * of the time, however many insist.
 */
const WOKEN_PER_SERVED = 0.2;

/** Where hardly anything is served, they come back all the same. */
const WOKEN_PER_SECOND = 100;

/** Who is sent away more often than this before it is woken has sent many requests in one piece, or does not read our answers. */
const IN_ONE_PIECE = 4;

/** How much of the pace is what it was a tick ago. */
const STEADINESS = 0.9;

interface Rest {
  readonly sinceMs: number;
  /** How often it has been sent away since. */
  times: number;
}

/**
 * Connections that were told to come back later, and are not read until then. What a caller sends all the same waits in the
 * kernel, where it costs nothing: reading and refusing it at once would take the time that the others' requests need.
 */
export class RestingConnections {
  /** In the order of their coming; those that were closed meanwhile are found out when they are woken. */
  readonly #resting = new Map<Socket, Rest>();
  #isClosed = false;
  #credit = 0;
  #perSecond = WOKEN_PER_SECOND;

  get size(): number {
    return this.#resting.size;
  }

  /** How long a connection that comes now is likely to rest, in whole seconds. */
  get seconds(): number {
    return Math.min(LONGEST_MS / 1000, Math.max(1, Math.ceil(this.size / this.#perSecond)));
  }

  /**
   * Lets a connection rest from the end of a request on, answered and read. False if it or too many others insist: it is better closed. Not from the
   * end of the turn: with a thousand ready connections a turn goes on reading, and the same ones come again and again in it.
   */
  add(socket: Socket, request: EventEmitter): boolean {
    if (this.#isClosed) return false;
    const rest = this.#resting.get(socket) ?? { sinceMs: performance.now(), times: 0 };
    if (rest.times >= IN_ONE_PIECE || (rest.times === 0 && this.size >= MOST)) return false;
    rest.times += 1;
    this.#resting.set(socket, rest);
    // One tick later: at the end of a request http reads on by itself.
    request.once('close', () => process.nextTick(this.#pause, socket));
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
    for (const [socket, { sinceMs }] of this.#resting) {
      if (due <= 0 && sinceMs > longAgoMs) return;
      this.#resting.delete(socket);
      if (socket.destroyed) continue;
      socket.resume();
      due -= 1;
    }
  }

  /** Reads them all again, and lets none rest any more; those neither that have just been sent away. */
  close(): void {
    this.#isClosed = true;
    this.wake(0, 0, Infinity);
  }

  readonly #pause = (socket: Socket): void => {
    if (this.#resting.has(socket)) socket.pause();
  };
}
