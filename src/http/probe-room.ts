import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendBusy, sendShort } from './busy-answer.ts';
import type { Readiness } from './readiness.ts';

/** What Kubernetes and Prometheus ask. It is answered in every overload: a process that is busy is not to be ended for it. */
const PROBES = /^\/(health|ready|metrics)(?:\?|$)/;

/** So many a second of each kind are answered like any other request. Whoever watches a server asks once a second at most. */
const PER_SECOND = 100;
const SECOND_MS = 1000;

const HEALTHY = JSON.stringify({ status: 'ok' });

/** Which of the probes a request is; undefined if it is none. */
export function probeOf(path: string): string | undefined {
  return PROBES.exec(path)?.[1];
}

/**
 * Room for probes that does not depend on what else goes on, and that nobody can make anything else of. Those that are too many
 * are answered at the door at the cost of sending them away: what the probe is about truthfully, for a stranger's flood must
 * not have a process that is well ended or taken out of service; the figures not at all.
 */
export class ProbeRoom {
  readonly #readiness: Readiness;
  readonly #asked = new Map<string, number>();
  #secondBeganAtMs = -Infinity;

  constructor(readiness: Readiness) {
    this.#readiness = readiness;
  }

  /** Whether there is room for one more of the kind. */
  hasRoomFor(probe: string): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#secondBeganAtMs >= SECOND_MS) {
      this.#secondBeganAtMs = nowMs;
      this.#asked.clear();
    }
    const asked = (this.#asked.get(probe) ?? 0) + 1;
    this.#asked.set(probe, asked);
    return asked <= PER_SECOND;
  }

  /** Answers one for which there is no room. */
  answer(
    probe: string,
    request: IncomingMessage,
    response: ServerResponse,
    retryAfterSeconds: number,
    keepAlive: boolean,
  ): void {
    const asks = request.method === 'GET' || request.method === 'HEAD';
    if (asks && probe === 'health') sendShort(response, 200, HEALTHY, keepAlive);
    else if (asks && probe === 'ready') void this.#sayReady(response, keepAlive);
    else sendBusy(request, response, retryAfterSeconds, keepAlive);
  }

  async #sayReady(response: ServerResponse, keepAlive: boolean): Promise<void> {
    const { ready, checks } = await this.#readiness();
    const body = JSON.stringify({ status: ready ? 'ready' : 'not ready', checks });
    sendShort(response, ready ? 200 : 503, body, keepAlive);
  }
}
