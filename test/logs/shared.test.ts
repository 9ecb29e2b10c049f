import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, mkdtempSync, open, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loggerTo } from './logger-to.ts';

const WORKERS = [1, 2, 3];
const LINES = 20_000;

/** Enough of them at a time for several lots, of every length. */
const SCRIPT = `
  let line = 0;
  const more = setInterval(() => {
    for (let count = 0; count < 500; count += 1) logger.info({ line: line++ }, 'x'.repeat((line * 7919) % 700));
    if (line >= ${LINES}) clearInterval(more);
  }, 1);`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagedoor-log-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Has workers log to the same descriptor, at the same time. */
async function logTogether(descriptor: number): Promise<void> {
  const children = WORKERS.map((worker) => loggerTo(descriptor, SCRIPT, { worker }));
  closeSync(descriptor);
  await Promise.all(children.map((child) => once(child, 'close')));
}

function expectWholeLines(text: string): void {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { worker: number; line: number });
  const inOrder = Array.from({ length: LINES }, (_, line) => line);
  for (const worker of WORKERS) {
    expect(lines.filter((line) => line.worker === worker).map(({ line }) => line)).toEqual(inOrder);
  }
  expect(lines).toHaveLength(WORKERS.length * LINES);
}

test.each(['a', 'w'])(
  'workers that log to one file tear no line of each other (opened with %s)',
  async (flags) => {
    const path = join(folder, `log-${flags}`);
    await logTogether(openSync(path, flags));
    expectWholeLines(readFileSync(path, 'utf8'));
  },
);

test('nor do those that log to one pipe', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // In small pieces, so that there is room in the pipe for a part of what is written.
  const reader = createReadStream(path, { encoding: 'utf8', highWaterMark: 5000 });
  let text = '';
  reader.on('data', (piece) => (text += String(piece)));
  const read = once(reader, 'close');
  // Who opens either end waits for the other.
  await logTogether(await promisify(open)(path, 'w'));
  await read;
  expectWholeLines(text);
});
