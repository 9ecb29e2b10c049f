import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, endChild, startChild } from './children.mjs';
import { placePlan, planLines } from './plan.mjs';

const SAMPLE_MS = 100;
const SLACK_MS = 15_000;

/**
 * What the generator saw.
 * @typedef {object} Load
 * @property {number} answered
 * @property {number} seconds
 * @property {number} refused answers that were errors
 * @property {number} failed connections that broke, and requests without an answer
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} maxMs
 * @property {Record<string, number>} sent requests by kind
 * @property {Record<string, number>} caught answers that had a capture, by its name
 * @property {number | undefined} generatorShare how much of one core the generator used
 */

/** wrk where it is installed: autocannon takes about as much of a core as the server it measures. */
export function defaultGenerator() {
  return spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error ? 'autocannon' : 'wrk';
}

/**
 * Sends the plan for some seconds over many connections.
 * @param {{ generator: string, base: string, plan: import('./plan.mjs').Plan, connections: number, seconds: number, onSample?: () => void }} job
 * @returns {Promise<Load>}
 */
export async function load({ generator, base, plan: anywhere, connections, seconds, onSample }) {
  const { origin, plan } = placePlan(anywhere, base);
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
  const planFile = join(folder, 'plan');
  const isWrk = generator === 'wrk';
  writeFileSync(planFile, isWrk ? planLines(plan) : JSON.stringify(plan), { mode: 0o600 });
  try {
    const [file, args] = commandOf(generator, origin, connections, seconds, planFile);
    const child = startChild(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let usedSeconds;
    const sampling = setInterval(() => {
      usedSeconds = cpuSeconds(child.pid) ?? usedSeconds;
      onSample?.();
    }, SAMPLE_MS);
    const guard = setTimeout(() => void endChild(child), seconds * 1000 + SLACK_MS);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    clearInterval(sampling);
    clearTimeout(guard);
    const report = output.split('\n').find((line) => line.startsWith('{'));
    if (code !== 0 || report === undefined) throw new Error(`${generator} ended with ${code}:\n${output}`);
    return { ...JSON.parse(report), generatorShare: usedSeconds && usedSeconds / seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function commandOf(generator, url, connections, seconds, planFile) {
  if (generator === 'autocannon') {
    return [process.execPath, [beside('autocannon.mjs'), url, connections, seconds, planFile].map(String)];
  }
  const flags = ['-t', 1, '-c', connections, '-d', `${seconds}s`, '--timeout', '10s'];
  return ['wrk', [...flags, '-s', beside('wrk.lua'), url, '--', planFile].map(String)];
}

function beside(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}
