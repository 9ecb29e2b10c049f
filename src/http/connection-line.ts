import type { Socket } from 'node:net';
import type { AdmissionLimits } from './admission.ts';
import { AskingHabits } from './asking-habits.ts';

/**
 * So many requests under way keep the event loop, the thread that signs and a near database busy. What more of them hold lives
 * for so long that it becomes old in V8's heap, where it costs more to be rid of it.
 */
const FEWEST = 96;

/** What of its time the event loop may lie idle while somebody stands in line. */
const IDLE_SHARE = 0.15;

/** Of the requests that may be in progress at most: the others are for those who come without having stood in line. */
const MOST_SHARE = 3 / 4;

/** Of what a request may have to wait: whoever asks again within this part of it after an answer asks again at once. */
const AT_ONCE = 1 / 4;

/** Of those who have waited for too long, so many are read at a look even if the event loop is busy, with who knows what. */
const AT_LEAST = 4;

/** While others are turned away, one in so many connections does not stand in line, but sees like them whether it is let in. */
const TAKES_ITS_CHANCE = 10;

/**
 * The connections whose next request is not read before others have been answered. With hundreds of callers who each send the
 * next request when the last one is answered, all of these requests are under way at once otherwise, and wait in the process,
 * each with all that it holds, for an event loop that can only do one after the other. In the line they wait in the kernel,
 * just as long.
 *
 * How many may be under way follows from how busy the event loop is: where it waits for a slow database or for slow hashes,
 * more are under way until it does not. A connection that has lain idle before its last request does not stand in line: it would
 * seem to wait, and has nothing to say.
 */
export class ConnectionLine {
  /** Since when each of them stands in line, the first one first. */
  readonly #line = new Map<Socket, number>();
  readonly #habits: AskingHabits;
  readonly #waitMs: number;
  readonly #most: number;
  #places: number;
  #underWay = 0;
  /** Read again, in this turn of the event loop and in the one before: a request that waits on one of them comes by the next. */
  #called = new Set<Socket>();
  #calledBefore = new Set<Socket>();
  #isTurning = false;
  #isSecond = false;
  #chance = 0;
  #isClosed = false;

  constructor(limits: AdmissionLimits) {
    this.#waitMs = limits.waitMs;
    this.#habits = new AskingHabits(AT_ONCE * limits.waitMs);
    this.#most = MOST_SHARE * limits.requests;
    this.#places = Math.min(FEWEST, this.#most);
  }

  get size(): number {
    return this.#line.size;
  }

  /** Whether it is this connection's turn later. */
  has(socket: Socket): boolean {
    return this.#line.has(socket);
  }

  /** Whether it is this connection's turn now: a place is kept for what it sends. */
  isCalled(socket: Socket): boolean {
    return this.#called.has(socket) || this.#calledBefore.has(socket);
  }

  /** A request has come, whether or not its connection stood in line. */
  enter(socket: Socket): void {
    this.#underWay += 1;
    this.forget(socket);
    this.#habits.asks(socket);
  }

  /** It has said something all the same. */
  forget(socket: Socket): void {
    if (this.#calledBefore.size > 0) this.#calledBefore.delete(socket);
    if (this.#called.size > 0) this.#called.delete(socket);
    if (this.#line.size > 0) this.#line.delete(socket);
  }

  /** One is answered: somebody else's turn, and every second time even if others who did not stand in line took all the places. */
  leave(): void {
    this.#underWay -= 1;
    this.#isSecond = !this.#isSecond;
    if (this.#isSecond && this.#taken >= this.#places) this.#callFirst();
    else this.#callNext();
  }

  /**
   * The answered one's connection goes to the end of the line, if there is one. To be called when http has closed the answer.
   * `turnsAway`: whether others are being turned away.
   */
  join(socket: Socket, turnsAway: boolean): void {
    if (this.#isClosed || socket.destroyed || socket.writableEnded) return;
    this.#habits.isRead(socket);
    if (!this.#habits.asksAtOnce(socket)) return;
    if (this.#line.size === 0 && this.#taken < this.#places) return;
    if (turnsAway) {
      this.#chance = (this.#chance + 1) % TAKES_ITS_CHANCE;
      if (this.#chance === 0) return;
    }
    this.#line.set(socket, performance.now());
    // One tick later: http reads on by itself what is left of a request that was answered before its end.
    process.nextTick(this.#pause, socket);
  }

  /**
   * To be told every few milliseconds what share of them the event loop was idle. Whoever has stood in line for longer than a
   * request may have to wait is read even if there is no place, but hardly more of them than the event loop has time
   * for: one that is busy answers nobody sooner because more are under way.
   */
  look(idleShare: number): void {
    // An event loop for which nobody waits may be as idle as it likes.
    const spare = this.#line.size > 0 ? idleShare - IDLE_SHARE : -IDLE_SHARE;
    this.#places = Math.min(this.#most, Math.max(FEWEST, this.#places * (1 + spare)));
    this.#callNext();
    const longAgoMs = performance.now() - this.#waitMs;
    let calls = Math.max(AT_LEAST, Math.floor(FEWEST * idleShare));
    for (const [socket, sinceMs] of this.#line) {
      if (calls === 0 || sinceMs > longAgoMs) return;
      calls -= 1;
      this.#call(socket);
    }
  }

  /** Nobody joins any more; those who stand in line still have their turn. */
  close(): void {
    this.#isClosed = true;
  }

  readonly #pause = (socket: Socket): void => {
    if (this.#line.has(socket)) socket.pause();
  };

  get #taken(): number {
    return this.#underWay + this.#called.size + this.#calledBefore.size;
  }

  #callNext(): void {
    while (this.#line.size > 0 && this.#taken < this.#places) this.#callFirst();
  }

  #callFirst(): void {
    for (const socket of this.#line.keys()) {
      this.#call(socket);
      return;
    }
  }

  #call(socket: Socket): void {
    this.#line.delete(socket);
    if (socket.destroyed) return;
    this.#habits.isRead(socket);
    this.#called.add(socket);
    socket.resume();
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** Those who had nothing to say lose their places to the next. */
  readonly #turn = (): void => {
    this.#calledBefore = this.#called;
    this.#called = new Set();
    this.#callNext();
    this.#isTurning = this.#calledBefore.size + this.#called.size > 0;
    if (this.#isTurning) setImmediate(this.#turn);
  };
}
