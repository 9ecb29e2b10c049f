import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { startServer, type ServerOptions, type TestServer } from '../support/server.ts';

/** A line of the log, as far as the tests look at it. */
export interface Line {
  readonly msg: string;
  readonly worker?: number;
  readonly ofWorker?: number;
  readonly pid?: number;
  readonly delayMs?: number;
  readonly route?: string;
}

/** All whole lines of the log so far; throws where one is not JSON. */
export function linesOf(server: TestServer): readonly Line[] {
  return server
    .output('stdout')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** Whoever was started last in the place of a worker. */
export function pidOf(server: TestServer, worker: number): number {
  const started = linesOf(server).filter(
    ({ msg, ofWorker }) => msg === 'worker started' && ofWorker === worker,
  );
  return started.at(-1)!.pid!;
}

export function countLines(server: TestServer, msg: string): number {
  return linesOf(server).filter((line) => line.msg === msg).length;
}

/** Starts the server with workers, and waits until all of them serve. */
export async function startWorkers(
  workers: number,
  env: NonNullable<ServerOptions['env']> = {},
): Promise<TestServer> {
  const server = await startServer({ env: { OAUTH2_WORKERS: String(workers), ...env } });
  await eventually(() => countLines(server, 'workers are ready') === 1);
  return server;
}

/** Whether a process is there, and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Sent {
  readonly status: number;
  readonly closes: boolean;
  readonly text: string;
}

/** One request, on a connection of the agent; without one, on a connection of its own. Nothing is sent again. */
export function send(url: string, form?: Record<string, string>, agent?: Agent): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const headers = form && { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = request(
      url,
      { method: form ? 'POST' : 'GET', ...(headers && { headers }), agent: agent ?? false },
      (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (piece: string) => (text += piece))
          .on('error', reject)
          .on('end', () => {
            const closes = response.headers.connection === 'close';
            resolve({ status: response.statusCode ?? 0, closes, text });
          });
      },
    );
    sent.on('error', reject);
    sent.end(form && new URLSearchParams(form).toString());
  });
}

/** Callers who send one request after the other: without a pause, with pauses, and each time on another connection. */
export class Callers {
  readonly outcomes = new Map<string, number>();
  readonly #agents: Agent[] = [];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(url: string, form: Record<string, string>) {
    const kinds = [
      { pauseMs: 0, keepAlive: true },
      { pauseMs: 7, keepAlive: true },
      { pauseMs: 30, keepAlive: true },
      { pauseMs: 90, keepAlive: true },
      { pauseMs: 10, keepAlive: false },
    ];
    for (const { pauseMs, keepAlive } of kinds) {
      const agent = new Agent({ keepAlive, maxSockets: 1 });
      this.#agents.push(agent);
      this.#running.push(this.#call(url, form, agent, pauseMs));
    }
  }

  /** What came of the requests, and how often. */
  async stop(): Promise<Record<string, number>> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const agent of this.#agents) agent.destroy();
    return Object.fromEntries(this.outcomes);
  }

  async #call(url: string, form: Record<string, string>, agent: Agent, pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      const outcome = await send(url, form, agent).then(
        ({ status }) => String(status),
        (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error),
      );
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }
}

/** Longer than a worker and the primary give the same figures out, so that what happened before is in them. */
const SHARED_MS = 250;

/** The sum of a metric's series of which each has all of the labels. */
export async function metric(base: string, name: string, labels: string[] = []): Promise<number> {
  await sleep(SHARED_MS);
  const { text } = await send(`${base}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
