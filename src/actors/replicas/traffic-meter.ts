import { bucketOf, noDurations, type Durations } from './durations.ts';

const MINUTE_MS = 60_000;

/** Minutes that are kept until they are written down, should the database be away. */
const MAX_KEPT = 120;

/** What this process served in one minute. */
export interface MinuteCount {
  readonly minute: Date;
  readonly requests: number;
  readonly errors: number;
  readonly durations: Durations;
}

/** What people and clients ask for; probes, scrapes, files and the panel itself would only dilute it. */
const LEFT_OUT = /^\/(?:health$|ready$|metrics$|favicon\.ico$|assets\/|admin(?:\/|$)|api-docs\/|swagger-ui)/;

/** Counts requests by the minute, until they are taken. */
export class TrafficMeter {
  readonly #now: () => Date;
  readonly #minutes = new Map<
    number,
    { requests: number; errors: number; durations: number[]; isNew: boolean }
  >();
  readonly #counted = new Map<string, boolean>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Told of each request when it has ended. */
  observe({ route, status, durationMs }: { route: string; status: number; durationMs: number }): void {
    if (!this.#counts(route)) return;
    const minute = Math.floor(this.#now().getTime() / MINUTE_MS);
    let count = this.#minutes.get(minute);
    if (!count) {
      count = { requests: 0, errors: 0, durations: noDurations(), isNew: true };
      this.#trim(minute);
      this.#minutes.set(minute, count);
    }
    count.requests += 1;
    if (status >= 500) count.errors += 1;
    const bucket = bucketOf(durationMs);
    count.durations[bucket] = (count.durations[bucket] ?? 0) + 1;
    count.isNew = true;
  }

  /** The minutes in which something happened since `written` was last told of them: each as it is so far. */
  unwritten(): readonly MinuteCount[] {
    return [...this.#minutes]
      .filter(([, { isNew }]) => isNew)
      .map(([minute, { requests, errors, durations }]) => ({
        minute: new Date(minute * MINUTE_MS),
        requests,
        errors,
        durations: [...durations],
      }));
  }

  /** What was written down need not be again, nor be kept once its minute has passed. */
  written(counts: readonly MinuteCount[]): void {
    const current = Math.floor(this.#now().getTime() / MINUTE_MS);
    for (const { minute, requests } of counts) {
      const number = minute.getTime() / MINUTE_MS;
      const count = this.#minutes.get(number);
      if (count?.requests !== requests) continue;
      if (number < current) this.#minutes.delete(number);
      else count.isNew = false;
    }
  }

  #trim(current: number): void {
    for (const number of this.#minutes.keys()) if (number <= current - MAX_KEPT) this.#minutes.delete(number);
  }

  /** There are as many patterns of routes as there are routes. */
  #counts(route: string): boolean {
    let counts = this.#counted.get(route);
    if (counts === undefined) {
      counts = !LEFT_OUT.test(route);
      this.#counted.set(route, counts);
    }
    return counts;
  }
}
