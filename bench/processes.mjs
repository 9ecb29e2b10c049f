// The processes of subjects: what prepares one, and the server itself.
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './children.mjs';

const START_TIMEOUT_MS = 60_000;

/**
 * Runs a command to its end and resolves to what it wrote; throws, with that, where it failed.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<string>}
 */
export async function run(file, args, options = {}) {
  const child = startChild(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args[0]} ended with ${code}:\n${output}`);
  return output;
}

/**
 * Starts a server and waits until it answers. Its log goes to a file: reading it would take processor time from what
 * is measured.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env: Record<string, string | undefined>, logFile: string, answersAt: string, timeoutMs?: number }} options
 */
export async function startServer(file, args, { env, logFile, answersAt, timeoutMs = START_TIMEOUT_MS }) {
  const log = openSync(logFile, 'w', 0o600);
  const child = startChild(file, args, { env, stdio: ['ignore', log, log] });
  closeSync(log);
  const end = Date.now() + timeoutMs;
  while (!(await answers(answersAt))) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`${file} did not become ready:\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(50);
  }
  return child;
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
