import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onceOver } from '../middleware/request-end.ts';
import { Admission, type AdmissionLimits, type ShedReason } from './admission.ts';
import { sendBusy } from './busy-answer.ts';
import { ComingBodies, type Visit } from './coming-bodies.ts';
import { ConnectionLine } from './connection-line.ts';
import { answerUnderWay } from './connection-room.ts';
import { LoadWatch, type Span } from './load-watch.ts';
import { probeOf, ProbeRoom } from './probe-room.ts';
import type { Readiness } from './readiness.ts';
import { RestingConnections } from './resting-connections.ts';

/** What goes on at the door of one process. */
export interface DoorStats {
  readonly inProgress: number;
  /** How many may be in progress now. */
  readonly room: number;
  /** Connections that are read when it is their turn. */
  readonly waiting: number;
  /** Connections that are not read for a while. */
  readonly resting: number;
}

/** Told of each request that was turned away: whether it asked for a token, and why it was. */
export type ShedObserver = (asksForToken: boolean, reason: ShedReason) => void;

export interface DoorParts {
  readonly limits: AdmissionLimits;
  readonly onShed: ShedObserver;
  readonly readiness: Readiness;
}

interface Guest extends Visit {
  /** Let in to room that is kept for the panel. */
  readonly isExtra: boolean;
  /** Its connection may be made to stand in line for its next. */
  readonly isShort: boolean;
  isCounted: boolean;
}

/** More that may be in progress for those who come to see what is the matter. */
const ADMIN_ROOM = 50;
const ADMIN = /^\/admin(?:[/?]|$)/;

const TOKEN = /^\/oauth\/token(?:\?|$)/;

/** What programs ask by the thousand, and gets its answer from the event loop within milliseconds. */
const SHORT = /^\/oauth\/(?:token|introspect)(?:\?|$)/;

/** Answers that wait behind another on one connection are kept until its caller reads: more than these nobody needs. */
const MAX_QUEUED = 32;

/** With fewer requests there is nothing to watch, nor a timer. */
const QUIET = 32;

/**
 * Lets requests in, and turns away what the server cannot serve in time, before anything else is done for them: an answer that
 * sends away must cost next to nothing, or those who are sent away cost the others their answers.
 */
export class FrontDoor {
  readonly #admission: Admission;
  readonly #resting = new RestingConnections();
  readonly #line: ConnectionLine;
  readonly #probes: ProbeRoom;
  readonly #onShed: ShedObserver;
  readonly #watch: LoadWatch;
  #inProgress = 0;
  /** Of them, those for which there would be no room but for the panel's. */
  #extra = 0;
  readonly #queued = new WeakMap<Socket, number>();
  readonly #bodies = new ComingBodies<Guest>((guest, waitsForUs) => {
    this.#count(guest, waitsForUs);
  });

  constructor({ limits, onShed, readiness }: DoorParts) {
    this.#admission = new Admission(limits);
    this.#line = new ConnectionLine(limits);
    this.#probes = new ProbeRoom(readiness);
    this.#onShed = onShed;
    this.#watch = new LoadWatch({
      onTick: (span) => this.#look(span),
      onWindow: ({ busyMs, served, shed }) => this.#admission.measured(busyMs, served, shed),
    });
  }

  get stats(): DoorStats {
    return {
      inProgress: this.#inProgress,
      room: this.#admission.room,
      waiting: this.#line.size,
      resting: this.#resting.size,
    };
  }

  /** Stands before a listener. */
  before(listener: RequestListener): RequestListener {
    return (request, response) => {
      const path = request.url ?? '';
      const probe = probeOf(path);
      if (probe === undefined) {
        const refusal = this.#refusalOf(request);
        const isExtra = refusal !== undefined && this.#extra < ADMIN_ROOM && ADMIN.test(path);
        if (refusal && !isExtra) {
          this.#turnAway(request, response, refusal);
          return;
        }
        if (response.socket === null && this.#floods(request.socket, response)) return;
        this.#letIn(request, response, isExtra);
      } else if (!this.#probes.hasRoomFor(probe)) {
        this.#answerProbe(probe, request, response);
        return;
      }
      listener(request, response);
    };
  }

  /** Whether a request may wait on a connection until it is its turn. */
  isWaiting(socket: Socket): boolean {
    return this.#line.has(socket) || this.#line.isCalled(socket);
  }

  /** The server is about to close connections on which nothing happens: none rests any more, and none is made to wait. */
  close(): void {
    this.#resting.close();
    this.#line.close();
  }

  /** Why it has to be turned away, if it has. Whoever waited for this in line is not told that there is a wait. */
  #refusalOf({ socket }: IncomingMessage): ShedReason | undefined {
    const refusal = this.#admission.refusal(this.#inProgress - this.#extra, this.#line.size);
    return refusal === 'wait' && this.#line.isCalled(socket) ? undefined : refusal;
  }

  #turnAway(request: IncomingMessage, response: ServerResponse, reason: ShedReason): void {
    this.#line.forget(request.socket);
    const { seconds } = this.#resting;
    sendBusy(request, response, seconds, this.#rest(request, response));
    this.#watch.shed();
    this.#onShed(isPost(request, TOKEN), reason);
  }

  /** Whoever sends so many is not read for a while either. */
  #answerProbe(probe: string, request: IncomingMessage, response: ServerResponse): void {
    const { seconds } = this.#resting;
    this.#probes.answer(probe, request, response, seconds, this.#rest(request, response));
    this.#onShed(false, 'probes');
    this.#watch.start();
  }

  /** Whether a connection that is sent away is kept, and rests. */
  #rest(request: IncomingMessage, { shouldKeepAlive }: ServerResponse): boolean {
    return this.#resting.add(request) && shouldKeepAlive;
  }

  /**
   * Counts a request from when it has come to when its answer is given: only then does it wait for us. A caller who is slow to
   * send, or to read, would otherwise keep others out at no cost.
   */
  #letIn(request: IncomingMessage, response: ServerResponse, isExtra: boolean): void {
    this.#resting.forget(request.socket);
    const isShort = isPost(request, SHORT);
    // One place is for one request.
    if (!isShort) this.#line.forget(request.socket);
    const guest = { request, isExtra, isShort, isOver: false, isCounted: false };
    this.#count(guest, true);
    const end = () => {
      if (guest.isOver) return;
      guest.isOver = true;
      this.#bodies.forget(guest);
      this.#watch.served();
      this.#count(guest, false);
    };
    response.on('prefinish', end);
    if (response.socket === null) whenEnded(response, end);
    onceOver(request, response, () => {
      end();
      if (isShort) this.#haveStand(request.socket);
    });
    if (this.#inProgress > QUIET) this.#watch.start();
    if (request.method !== 'GET') this.#bodies.add(guest);
  }

  /** Has a connection wait for its turn. */
  #haveStand(socket: Socket): void {
    if (answerUnderWay(socket)) return;
    this.#line.join(socket, this.#watch.hasShed);
    if (this.#line.size > 0) this.#watch.start();
  }

  /** Whether too many requests wait on a connection, which is then closed. */
  #floods(socket: Socket, response: ServerResponse): boolean {
    const queued = (this.#queued.get(socket) ?? 0) + 1;
    if (queued > MAX_QUEUED) {
      socket.destroy();
      return true;
    }
    this.#queued.set(socket, queued);
    response.once('finish', () => this.#queued.set(socket, (this.#queued.get(socket) ?? 1) - 1));
    return false;
  }

  #count(guest: Guest, isCounted: boolean): void {
    if (guest.isCounted === isCounted) return;
    guest.isCounted = isCounted;
    this.#inProgress += isCounted ? 1 : -1;
    if (guest.isExtra) this.#extra += isCounted ? 1 : -1;
    if (!guest.isShort) return;
    if (isCounted) this.#line.enter(guest.request.socket);
    else this.#line.leave();
  }

  /** Whether there is anything to watch. */
  #look({ elapsedMs, busyMs, served, shed }: Span): boolean {
    // Nobody has been turned away and half the room is empty: those who rest may as well come in.
    const half = Math.floor(this.#admission.room / 2);
    const relieved = shed === 0 ? half - this.#inProgress - this.#line.size : 0;
    this.#resting.wake(elapsedMs, served, Math.max(0, relieved));
    this.#line.look(elapsedMs > 0 ? Math.max(0, 1 - busyMs / elapsedMs) : 0);
    return !this.#resting.isEmpty || this.#line.size > 0 || this.#inProgress > QUIET;
  }
}

function isPost({ method, url }: IncomingMessage, path: RegExp): boolean {
  return method === 'POST' && path.test(url ?? '');
}

/** An answer that waits behind another says nothing of its own end before its turn, for which a caller who does not read can have it wait. */
function whenEnded(response: ServerResponse, callback: () => void): void {
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.end = (...args: unknown[]) => {
    const ended = end(...args);
    callback();
    return ended;
  };
}
