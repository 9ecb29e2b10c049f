import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EndOfTurn } from './end-of-turn.ts';

/** Longer than this no connection rests, nor do more rest than are closed instead. */
const LONGEST_MS = 5000;
const MOST = 10_000;

/**
 * To send somebody away costs about an eighth of what it costs to serve. With one sent away for ten served, that is an eightieth
 * of the time, however many insist.
 */
const WOKEN_PER_SERVED = 0.1;

/** Where hardly anything is served, they come back all the same. */
const WOKEN_PER_SECOND = 100;

/** Who is sent away more often than this before it is woken has sent many requests in one piece, or does not read our answers. */
const IN_ONE_PIECE = 4;

/** What the body of a request may still bring once it was refused; whoever sends more is not about to listen. */
const MOST_OF_REFUSED = 128 * 1024;

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
  readonly #sentAway = new EndOfTurn<IncomingMessage>((requests) => {
    for (const request of requests) {
      if (!request.complete) this.#sending.set(request, request.socket.bytesRead + MOST_OF_REFUSED);
    }
  });
  /** Whose body goes on, and what they may have sent in all; they rest when it ends. */
  readonly #sending = new Map<IncomingMessage, number>();
  #isClosed = false;
  #credit = 0;
  #perSecond = WOKEN_PER_SECOND;

  get size(): number {
    return this.#resting.size;
  }

  /** Whether there is nobody to wake, or to watch. */
  get isEmpty(): boolean {
    return this.#resting.size + this.#sending.size === 0;
  }

  /** How long a connection that comes now is likely to rest, in whole seconds. */
  get seconds(): number {
    return Math.min(LONGEST_MS / 1000, Math.max(1, Math.ceil(this.size / this.#perSecond)));
  }

  /**
   * Lets a connection rest from the end of a request on, answered and read. False if it or too many others insist: it is better
   * closed. Not from the end of the turn: with a thousand ready connections a turn goes on reading, and the same ones come again
   * and again in it.
   */
  add(request: IncomingMessage): boolean {
    this.#sentAway.add(request);
    if (this.#isClosed) return false;
    const { socket } = request;
    const rest = this.#resting.get(socket) ?? { sinceMs: performance.now(), times: 0 };
    if (rest.times >= IN_ONE_PIECE || (rest.times === 0 && this.size >= MOST)) return false;
    rest.times += 1;
    this.#resting.set(socket, rest);
    // One tick later: at the end of a request http reads on by itself.
    request.once('close', () => process.nextTick(this.#pause, socket));
    return true;
  }

  /** It was let in: what it sends belongs to that. */
  forget(socket: Socket): void {
    this.#resting.delete(socket);
  }

  /**
   * Reads those again whose time has come, the longest resting first: as many as what was served in these milliseconds allows
   * for, at least `free` of them, and all that have rested for long.
   */
  wake(elapsedMs: number, served: number, free: number): void {
    this.#closeTalkers();
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
    // By now http has ended those that are not kept.
    if (socket.destroyed || socket.writableEnded) this.#resting.delete(socket);
    else if (this.#resting.has(socket)) socket.pause();
  };

  #closeTalkers(): void {
    for (const [request, most] of this.#sending) {
      const isOver = request.complete || request.socket.destroyed;
      if (!isOver && request.socket.bytesRead <= most) continue;
      if (!isOver) request.socket.destroy();
      this.#sending.delete(request);
    }
  }
}
