import type { IncomingMessage } from 'node:http';
import { EndOfTurn } from './end-of-turn.ts';

/** Bodies of which a part has come are kept, up to 64 KB each: of more than these the one that has been coming longest is given up. */
const MOST = 1000;

/** A request that was let in. */
export interface Visit {
  readonly request: IncomingMessage;
  isOver: boolean;
}

/** Tells of those who are let in before they have sent all: as long as their body is on its way, they wait for nobody but their caller. */
export class ComingBodies<Let extends Visit> {
  readonly #come = new EndOfTurn<Let>((visits) => {
    for (const visit of visits) this.#look(visit);
  });
  /** In the order of their coming. */
  readonly #coming = new Set<Let>();
  readonly #onWait: (visit: Let, waitsForUs: boolean) => void;

  constructor(onWait: (visit: Let, waitsForUs: boolean) => void) {
    this.#onWait = onWait;
  }

  add(visit: Let): void {
    this.#come.add(visit);
  }

  /** It is over, however much of it has come. */
  forget(visit: Let): void {
    this.#coming.delete(visit);
  }

  #look(visit: Let): void {
    const { request } = visit;
    if (request.complete || visit.isOver) return;
    // Only who reads waits for the caller; who works meanwhile, or never reads, keeps us busy.
    if (request.readableFlowing) this.#await(visit);
    else request.once('resume', () => this.#await(visit));
  }

  #await(visit: Let): void {
    const { request } = visit;
    if (request.complete || visit.isOver) return;
    this.#onWait(visit, false);
    request.once('end', () => {
      this.#coming.delete(visit);
      if (!visit.isOver) this.#onWait(visit, true);
    });
    this.#coming.add(visit);
    const [longest] = this.#coming;
    if (this.#coming.size <= MOST || !longest) return;
    this.#coming.delete(longest);
    longest.request.socket.destroy();
  }
}
