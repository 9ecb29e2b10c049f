import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { loggerArguments } from './logger-to.ts';

const BURST = 2000;

/** Much more at once than the file may hold, and then little by little. */
const SCRIPT = `
  let line = 0;
  while (line < ${BURST}) logger.info({ line: line++ }, 'x'.repeat(100));
  setInterval(() => logger.info({ line: line++ }, 'y'), 50);`;

/** A process that may write files of no more than 32 KB (64 where sh is bash), as if the disk were full then. */
function logWithLittleRoom(path: string) {
  const output = openSync(path, 'a');
  const command = ['ulimit -f 64; exec "$0" "$@"', process.execPath, ...loggerArguments(SCRIPT)];
  const child = spawn('sh', ['-c', ...command], { stdio: ['ignore', output, 'ignore'] });
  closeSync(output);
  return child;
}

function parsed(line: string): { line?: number; lines?: number; torn?: string } {
  try {
    return JSON.parse(line) as { line?: number; lines?: number };
  } catch {
    return { torn: line };
  }
}

test('what a full disk loses is told once there is room, and no line is glued to the one that it tore', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-full-'));
  const path = join(folder, 'log');
  const child = logWithLittleRoom(path);
  try {
    const sizes: number[] = [];
    await eventually(
      () => sizes.push(statSync(path).size),
      () => sizes.length > 10 && sizes.at(-1) === sizes.at(-10) && sizes.at(-1)! > 0,
    );
    const before = readFileSync(path, 'utf8');
    truncateSync(path);
    await eventually(() => readFileSync(path, 'utf8').includes('were lost'));
    child.kill('SIGKILL');
    await once(child, 'close');
    const lines = (before + readFileSync(path, 'utf8')).split('\n').slice(0, -1).map(parsed);

    expect(lines.filter(({ torn }) => torn !== undefined)).toHaveLength(1);
    const told = lines.flatMap((line) => line.lines ?? []);
    const numbers = lines.flatMap(({ line }) => line ?? []);
    expect(told).toEqual([numbers.at(-1)! + 1 - numbers.length]);
    expect(told[0]).toBeGreaterThan(BURST / 2);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
