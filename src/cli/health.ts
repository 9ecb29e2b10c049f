import type { Command } from 'commander';
import { text } from 'node:stream/consumers';
import { request } from '../node-http.ts';

const TIMEOUT_MS = 4000;

/** The command that a container's health check runs: no curl and no shell is needed. */
export function addHealthCommand(
  program: Command,
  env: NodeJS.ProcessEnv,
  exitWith: (code: number, output: string) => void,
): void {
  program
    .command('health')
    .description('ask the server that runs here whether it is ready; the exit code says')
    .action(async () => {
      const { localOrigin, loadConfig } = await import('../config.ts');
      const { serverHost, serverPort } = loadConfig(env).config;
      const { ready, answer } = await askReady(localOrigin(serverHost, serverPort));
      exitWith(ready ? 0 : 1, `${answer}\n`);
    });
}

/** What GET /ready answers, or why nothing does. */
function askReady(origin: string): Promise<{ ready: boolean; answer: string }> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => {
      resolve({ ready: false, answer: `no answer from ${origin} (${error.code ?? error.message})` });
    };
    const asked = request(`${origin}/ready`, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    asked.once('response', (response) => {
      text(response).then((answer) => {
        resolve({ ready: response.statusCode === 200, answer });
      }, fail);
    });
    asked.once('error', fail);
    asked.end();
  });
}
