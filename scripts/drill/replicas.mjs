// Replicas of Stagedoor that are ended and started again at the same address.
import { once } from 'node:events';
import { join } from 'node:path';
import { startServer } from '../../bench/processes.mjs';
import { NODE_FLAGS } from '../../bench/subjects/node-flags.mjs';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const END_TIMEOUT_MS = 40_000;
const SERVED = /^oauth2_server_http_requests_total\{[^}]*\broute="\/oauth\/token"[^}]*\} (\d+)/gm;

export class Replica {
  number;
  base;
  #env;
  #folder;
  #child;
  #lives = 0;

  /**
   * @param {number} number
   * @param {{ port: number, env: Record<string, string | undefined>, folder: string }} parts
   */
  constructor(number, { port, env, folder }) {
    this.number = number;
    this.base = `http://127.0.0.1:${port}`;
    this.#env = { ...env, OAUTH2_SERVER_PORT: String(port) };
    this.#folder = folder;
  }

  get host() {
    return new URL(this.base).host;
  }

  /** Starts it; resolves when it is ready, to how long that took. */
  async start() {
    const startedAtMs = performance.now();
    this.#lives += 1;
    const logFile = join(this.#folder, `replica-${this.number}-${this.#lives}.log`);
    this.#child = await startServer(process.execPath, [...NODE_FLAGS, CLI, 'serve'], {
      env: this.#env,
      logFile,
      answersAt: `${this.base}/ready`,
    });
    return performance.now() - startedAtMs;
  }

  /** Sends it a signal; resolves, once it has ended, to how and when. */
  async end(signal) {
    const startedAtMs = performance.now();
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(END_TIMEOUT_MS) });
    this.#child.kill(signal);
    const [code, by] = await ended.catch(() => {
      throw new Error(
        `replica ${this.number} has not ended ${END_TIMEOUT_MS / 1000} s after ${signal}; its logs are in ${this.#folder}`,
      );
    });
    return { how: by ?? `exit code ${code}`, ms: performance.now() - startedAtMs };
  }

  /** How many token requests it has answered in this life. */
  async served() {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    return [...text.matchAll(SERVED)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** The ids of the keys that it publishes; undefined while it is away. */
  async keyIds() {
    try {
      const { keys } = await (await fetch(`${this.base}/.well-known/jwks.json`)).json();
      return keys.map(({ kid }) => kid);
    } catch {
      return undefined;
    }
  }
}
