import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { onceOver } from '../middleware/request-end.ts';
import { Admission, type AdmissionLimits, type ShedReason } from './admission.ts';
import { sendBusy } from './busy-answer.ts';
import { RestingConnections } from './resting-connections.ts';

/** What goes on at the door of one process. */
export interface DoorStats {
  readonly inProgress: number;
  /** How many may be in progress now. */
  readonly room: number;
  /** Connections that are not read for a while. */
  readonly resting: number;
}

/** Told of each request that was turned away: whether it asked for a token, and why it was. */
export type ShedObserver = (asksForToken: boolean, reason: ShedReason) => void;

export interface DoorParts {
  readonly limits: AdmissionLimits;
  readonly onShed: ShedObserver;
  /** How long the event loop has been busy, in all. */
  readonly busyMs?: () => number;
}

/** Neither counted nor turned away: Kubernetes would end a process that is busy, and nobody would see that it is. */
const ALWAYS_OPEN = /^\/(?:health|ready|metrics)(?:\?|$)/;

/** More that may be in progress for those who come to see what is the matter. */
const ADMIN_ROOM = 50;
const ADMIN = '/admin';

/** With fewer requests there is nothing to watch, nor a timer. */
const QUIET = 32;
const TICK_MS = 25;
const WINDOW_MS = 100;

/**
 * Lets requests in, and turns away what the server cannot serve in time, before anything else is done for them: an answer that
 * sends away must cost next to nothing, or those who are sent away cost the others their answers.
 */
export class FrontDoor {
  readonly #admission: Admission;
  readonly #resting = new RestingConnections();
  readonly #onShed: ShedObserver;
  readonly #busyMs: () => number;
  #inProgress = 0;
  #served = 0;
  #shedInTick = 0;
  #timer: NodeJS.Timeout | undefined;
  #tickedAtMs = 0;
  #window = { startedAtMs: 0, busyMs: 0, served: 0 };

  constructor({ limits, onShed, busyMs }: DoorParts) {
    this.#admission = new Admission(limits);
    this.#onShed = onShed;
    this.#busyMs = busyMs ?? (() => performance.eventLoopUtilization().active);
  }

  get stats(): DoorStats {
    return { inProgress: this.#inProgress, room: this.#admission.room, resting: this.#resting.size };
  }

  /** Stands before a listener. */
  before(listener: RequestListener): RequestListener {
    return (request, response) => {
      const path = request.url ?? '';
      if (!ALWAYS_OPEN.test(path)) {
        const room = this.#admission.room + (path.startsWith(ADMIN) ? ADMIN_ROOM : 0);
        if (this.#inProgress >= room) {
          this.#shed(request, response, path);
          return;
        }
        this.#letIn(request, response);
      }
      listener(request, response);
    };
  }

  /** Lets no connection rest any longer: the server is about to close those on which nothing happens. */
  wakeAll(): void {
    this.#resting.wakeAll();
  }

  #shed(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { seconds } = this.#resting;
    sendBusy(request, response, seconds, this.#resting.add(request.socket));
    this.#shedInTick += 1;
    this.#onShed(path.startsWith('/oauth/token'), this.#admission.reason);
    this.#watch();
  }

  /**
   * Counts a request from when it has come to when its answer is given: only then does it wait for us. A caller who is slow to
   * send, or to read, would otherwise keep others out at no cost.
   */
  #letIn(request: IncomingMessage, response: ServerResponse): void {
    let isOver = false;
    let isCounted = true;
    this.#inProgress += 1;
    if (this.#inProgress > QUIET) this.#watch();
    const uncount = () => {
      if (isCounted) this.#inProgress -= 1;
      isCounted = false;
    };
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.#served += 1;
      uncount();
    };
    response.once('prefinish', end);
    onceOver(request, response, end);
    // By then all is parsed that came with the head.
    process.nextTick(() => {
      if (request.complete || isOver) return;
      uncount();
      request.once('end', () => {
        if (isOver) return;
        isCounted = true;
        this.#inProgress += 1;
      });
    });
  }

  /** Looks at the load regularly for as long as there is some. */
  #watch(): void {
    if (this.#timer) return;
    this.#timer = setInterval(this.#tick, TICK_MS).unref();
    this.#tickedAtMs = performance.now();
    this.#startWindow(this.#tickedAtMs);
  }

  readonly #tick = (): void => {
    const nowMs = performance.now();
    if (nowMs - this.#window.startedAtMs >= WINDOW_MS) {
      this.#admission.measured(this.#busyMs() - this.#window.busyMs, this.#served - this.#window.served);
      this.#startWindow(nowMs);
    }
    // Nobody has been turned away and half the room is empty: those who rest may as well come in.
    const relieved = this.#shedInTick === 0 ? Math.floor(this.#admission.room / 2) - this.#inProgress : 0;
    this.#shedInTick = 0;
    this.#resting.wake(nowMs - this.#tickedAtMs, Math.max(0, relieved));
    this.#tickedAtMs = nowMs;
    if (this.#resting.size > 0 || this.#inProgress > QUIET) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };

  #startWindow(nowMs: number): void {
    this.#window = { startedAtMs: nowMs, busyMs: this.#busyMs(), served: this.#served };
  }
}
