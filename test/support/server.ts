import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../scripts/free-port.mjs';
import { openPostgres } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrator.ts';
import { templateDatabase, type TestDatabase } from './postgres.ts';

export { freePort };

const CLI = resolve('dist/src/cli.js');
const START_TIMEOUT_MS = 25_000;

export const ADMIN = { username: 'admin', password: 'correct horse battery staple' } as const;

/** A running Stagedoor: the compiled program in a process of its own. */
export interface TestServer {
  readonly issuer: string;
  readonly port: number;
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  /** All it has printed so far: both streams as they came, or one of them. */
  output(stream?: 'stdout' | 'stderr'): string;
  /** Ends it with SIGTERM and resolves to its exit code; the data stays for `startServer({ env })`. */
  terminate(): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves to the exit code when it has ended, whatever ended it; null after a signal that it did not handle. */
  readonly exited: Promise<number | null>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Default: a migrated PostgreSQL database of its own. */
  readonly database?: 'postgres' | 'embedded';
  /** More settings, or other ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command line of another release. */
  readonly cli?: string;
  /** Until when to wait: `alive` is a process that answers, ready or not. */
  readonly until?: 'ready' | 'alive';
  /** How many files it may open; default: as many as this process. */
  readonly openFiles?: number;
}

/** A database of its own with the current schema, cloned from a template. */
export function migratedDatabase(): Promise<TestDatabase> {
  return templateDatabase('migrated', async (url) => {
    const database = openPostgres({ url, poolSize: 2, statementTimeoutMs: 60_000 });
    await migrate(database);
    await database.close();
  });
}

/** Starts the compiled server on a free port and waits until it is ready. */
export async function startServer({
  database = 'postgres',
  env = {},
  cli = CLI,
  until = 'ready',
  openFiles,
}: ServerOptions = {}): Promise<TestServer> {
  const port = await freePort();
  const owned = env.OAUTH2_DATABASE_URL === undefined && env.OAUTH2_DATA_DIR === undefined;
  const postgres = owned && database === 'postgres' ? await migratedDatabase() : undefined;
  const folder =
    owned && database === 'embedded' ? mkdtempSync(join(tmpdir(), 'stagedoor-test-')) : undefined;
  const settings: Record<string, string> = {
    OAUTH2_SERVER_PORT: String(port),
    OAUTH2_ADMIN_PASSWORD: ADMIN.password,
    OAUTH2_PASSWORD_HASH_COST: '10',
    OAUTH2_CLIENT_REGISTRATION: 'open',
    // Many tests sign in from one address, wrongly too.
    OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT: '1000000',
    OAUTH2_LOGIN_ATTEMPTS_PER_ADDRESS: '1000000',
    ...(postgres && {
      OAUTH2_DATABASE_URL: postgres.url,
      OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
    }),
    ...(folder !== undefined && { OAUTH2_DATA_DIR: folder }),
    ...env,
  };
  const command = [process.execPath, cli, 'serve'];
  const limited = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`];
  const [program = '', ...args] = [...limited, ...command];
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '', both: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
      printed.both += text;
    });
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const terminate = async () => {
    child.kill('SIGTERM');
    return exited;
  };
  const issuer = settings.OAUTH2_ISSUER ?? `http://127.0.0.1:${settings.OAUTH2_SERVER_PORT}`;
  await untilAnswers(
    `http://127.0.0.1:${settings.OAUTH2_SERVER_PORT}/${until === 'ready' ? 'ready' : 'health'}`,
    () => child.exitCode,
    () => printed.both,
  );
  return {
    issuer,
    port: Number(settings.OAUTH2_SERVER_PORT),
    pid: child.pid!,
    env: settings,
    output: (stream) => printed[stream ?? 'both'],
    terminate,
    kill: (signal) => child.kill(signal),
    exited,
    stop: async () => {
      await terminate();
      await postgres?.drop();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a command of the compiled CLI to its end. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
  cli = CLI,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [cli, ...args], { env: { PATH: process.env.PATH, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function untilAnswers(url: string, exitCode: () => number | null, output: () => string): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (exitCode() !== null) throw new Error(`the server ended with ${exitCode()}:\n${output()}`);
    if (Date.now() > end) throw new Error(`the server was not ready in time:\n${output()}`);
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
