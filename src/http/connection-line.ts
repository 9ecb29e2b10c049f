import type { Socket } from 'node:net';
import type { AdmissionLimits } from './admission.ts';

/**
 * So many requests under way keep the event loop, the thread that signs and a near database busy. What more of them hold lives
 * for so long that it becomes old in V8's heap, where it costs more to be rid of it.
 */
const FEWEST = 96;

/** What of its time the event loop may lie idle while somebody stands in line. */
const IDLE_SHARE = 0.15;

/**
 * The connections whose next request is not read before others have been answered. With hundreds of callers who each send the
 * next request when the last one is answered, all of these requests are under way at once otherwise, and wait in the process,
 * each with all that it holds, for an event loop that can only do one after the other. In the line they wait in the kernel,
 * just as long.
 *
 * How many may be under way follows from how busy the event loop is: where it waits for a slow database or for slow hashes,
 * more are under way until it does not.
 */
export class ConnectionLine {
  /** Since when each of them stands in line, the first one first. */
  readonly #line = new Map<Socket, number>();
  readonly #limits: AdmissionLimits;
  #places: number;
  #underWay = 0;
  /** Read again, in this turn of the event loop and in the one before: a request that waits on one of them comes by the next. */
  #called = 0;
  #calledBefore = 0;
  #isTurning = false;
  #isClosed = false;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#places = Math.min(FEWEST, limits.requests);
  }

  get size(): number {
    return this.#line.size;
  }

  /** Whether it is this connection's turn later. */
  has(socket: Socket): boolean {
    return this.#line.has(socket);
  }

  /** A request has come, whether or not its connection stood in line. */
  enter(socket: Socket): void {
    this.#underWay += 1;
    if (this.#calledBefore > 0) this.#calledBefore -= 1;
    else if (this.#called > 0) this.#called -= 1;
    if (this.#line.size > 0) this.#line.delete(socket);
  }

  /** One is answered: somebody else's turn. */
  leave(): void {
    this.#underWay -= 1;
    this.#callNext();
  }

  /** The answered one's connection goes to the end of the line, if there is one. To be called when http is done with the answer. */
  join(socket: Socket): void {
    if (this.#isClosed || (this.#line.size === 0 && this.#taken < this.#places)) return;
    if (socket.destroyed || socket.writableEnded) return;
    this.#line.set(socket, performance.now());
    socket.pause();
  }

  /**
   * To be told every few milliseconds what share of them the event loop was idle. Whoever has stood in line for longer than a
   * request may have to wait is read next, even if there are no places because others come who do not stand in line.
   */
  look(idleShare: number): void {
    // An event loop for which nobody waits may be as idle as it likes.
    const spare = this.#line.size > 0 ? idleShare - IDLE_SHARE : -IDLE_SHARE;
    this.#places = Math.min(this.#limits.requests, Math.max(FEWEST, this.#places * (1 + spare)));
    this.#callNext();
    const longAgoMs = performance.now() - this.#limits.waitMs;
    let calls = FEWEST;
    for (const [socket, sinceMs] of this.#line) {
      if (calls === 0 || sinceMs > longAgoMs) return;
      calls -= 1;
      this.#call(socket);
    }
  }

  /** Reads them all again, and lets nobody stand in line any more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#line.keys()) this.#call(socket);
  }

  get #taken(): number {
    return this.#underWay + this.#called + this.#calledBefore;
  }

  #callNext(): void {
    if (this.#line.size === 0) return;
    for (const socket of this.#line.keys()) {
      if (this.#taken >= this.#places) return;
      this.#call(socket);
    }
  }

  #call(socket: Socket): void {
    this.#line.delete(socket);
    if (socket.destroyed) return;
    this.#called += 1;
    socket.resume();
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** Those who had nothing to say lose their places to the next. */
  readonly #turn = (): void => {
    this.#calledBefore = this.#called;
    this.#called = 0;
    this.#callNext();
    this.#isTurning = this.#calledBefore + this.#called > 0;
    if (this.#isTurning) setImmediate(this.#turn);
  };
}
