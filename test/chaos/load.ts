import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../support/eventually.ts';

const PAUSE_MS = 5;

/** What came back for one request of a load. */
export interface Answer {
  readonly what: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly type: string | null;
  readonly text: string;
  /** By the clock of `performance`. */
  readonly sentAtMs: number;
  readonly durationMs: number;
}

/** Requests by what they are for; each call sends one. */
export type Requests = Readonly<Record<string, () => Promise<Response>>>;

/** Sends one request and reads the answer to its end. A connection that breaks is status 0: a server under load must not do that. */
export async function send(what: string, request: () => Promise<Response>): Promise<Answer> {
  const sentAtMs = performance.now();
  const done = (status: number, response?: Response, text = '') => ({
    what,
    status,
    retryAfter: response?.headers.get('retry-after') ?? null,
    type: response?.headers.get('content-type') ?? null,
    text,
    sentAtMs,
    durationMs: performance.now() - sentAtMs,
  });
  try {
    const response = await request();
    return done(response.status, response, await response.text());
  } catch (error) {
    return done(0, undefined, String(error));
  }
}

/** Several callers who send one request after the other until they are told to stop. */
export class Load {
  readonly answers: Answer[] = [];
  readonly #kinds: number;
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(requests: Requests, callersOfEach = 2) {
    this.#kinds = Object.keys(requests).length;
    this.#workers = Object.entries(requests).flatMap(([what, request]) =>
      Array.from({ length: callersOfEach }, async () => {
        while (!this.#stopped) {
          this.answers.push(await send(what, request));
          await sleep(PAUSE_MS);
        }
      }),
    );
  }

  /** Resolves once a request of each kind, sent from now on, has been answered so. */
  async untilEach(wanted: (answer: Answer) => boolean): Promise<void> {
    const fromMs = performance.now();
    const since = () => this.answers.filter(({ sentAtMs }) => sentAtMs >= fromMs);
    await eventually(
      () => [...new Set(since().map(({ what, status }) => `${what} ${status}`))],
      () => new Set(since().flatMap((answer) => (wanted(answer) ? answer.what : []))).size === this.#kinds,
    );
  }

  async stop(): Promise<readonly Answer[]> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    return this.answers;
  }
}

/** Checks that a program is told to come back, or that a person is shown a page that says so. */
export function expectUnavailable({ what, status, retryAfter, type, text }: Answer): void {
  expect({ what, status, retryAfter }).toEqual({ what, status: 503, retryAfter: '1' });
  if (type === 'application/json') {
    expect(JSON.parse(text)).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'The server cannot serve this request at the moment; try again shortly',
    });
  } else {
    expect({ what, type }).toEqual({ what, type: 'text/html; charset=utf-8' });
    expect(text).toContain('We are busy right now');
  }
}

/** Runs a statement in a transaction of another session and keeps what it locked until released. */
export async function holdLock(url: string, sql: string): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query(sql);
  return { release: () => client.end() };
}

/** Connections on which a statement waits for a lock. */
export async function waitingStatements(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query(
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  await client.end();
  return rowCount ?? 0;
}
