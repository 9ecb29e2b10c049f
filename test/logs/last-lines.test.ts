import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startWorkers } from '../cluster/workers.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { loggerTo } from './logger-to.ts';

/** Longer than two signals can be apart and count as one, and longer than any line is kept back. */
const ANOTHER_SIGNAL_MS = 1100;
const DRIP_MS = 20;

/** A request whose head goes on and on, so that a drain waits for its end; `end` does that, and resolves to the request's id. */
async function endlessRequest(port: number): Promise<{ end(): Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Drip: ');
  const dripping = setInterval(() => socket.write('.'), DRIP_MS);
  return {
    end: async () => {
      clearInterval(dripping);
      const answer = once(socket.setEncoding('latin1'), 'data');
      socket.write('\r\n\r\n');
      const [text] = (await answer) as [string];
      socket.destroy();
      return /x-request-id: (\S+)/i.exec(text)![1]!;
    },
  };
}

/** Has it drain, and ends it by a second signal the moment after it has answered a request. */
async function endTwice(server: TestServer): Promise<{ requestId: string; code: number | null }> {
  const request = await endlessRequest(server.port);
  await sleep(2 * DRIP_MS);
  const exit = server.terminate();
  await eventually(() => server.output('stdout').includes('"draining"'));
  await sleep(ANOTHER_SIGNAL_MS);
  const requestId = await request.end();
  server.kill('SIGTERM');
  return { requestId, code: await exit };
}

test.each([
  ['a process', () => startServer()],
  ['a worker', () => startWorkers(2)],
])('what %s logged the moment before a second signal ends it is written', async (_whose, start) => {
  const server = await start();
  const { requestId, code } = await endTwice(server);
  expect(code).toBe(1);
  await eventually(() => server.output('stdout').includes(requestId));
  await server.stop();
});

/** Logs a line, in a process of its own, and then comes to this end. */
async function lastWords(ending: string): Promise<string> {
  const { child } = logger(`logger.info('last words'); ${ending}`);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(child, 'close');
  return text;
}

function logger(script: string) {
  const child = loggerTo('pipe', script);
  return { child: child as typeof child & { stdout: Readable } };
}

/** Reads what it writes, but not at first. */
async function hearLate({ stdout }: ReturnType<typeof logger>['child'], hear: (text: string) => void) {
  stdout.pause();
  await sleep(500);
  stdout.setEncoding('utf8').on('data', hear).resume();
}

/** The lines that it has written when it ends, if nobody reads them at first. */
async function readLate(child: ReturnType<typeof logger>['child']) {
  let text = '';
  await hearLate(child, (piece) => (text += piece));
  await once(child, 'close');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { line?: number; lines?: number });
}

test.each(['process.exit(1)', 'throw new Error("nobody catches")', 'Promise.reject(1)', ''])(
  'whatever a process ends by, its last line is written: %s',
  async (ending) => {
    expect(await lastWords(ending)).toContain('last words');
  },
);

// Whoever touches it makes the pipe one that does not block, for all who write to it.
test.each([
  ['a pipe that blocks', ''],
  ['a pipe that does not block', 'process.stdout.isTTY;'],
])('a reader that does not read keeps nobody from ending: %s', async (_kind, touch) => {
  const much = `setInterval(() => { for (let line = 0; line < 1000; line += 1) logger.info('x'.repeat(100)); }, 10);`;
  const { child } = logger(`${touch} ${much} setTimeout(() => process.exit(3), 3000);`);
  child.stdout.pause();
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  // Node itself would wait for the thread that writes to a pipe that blocks.
  expect(touch === '' ? signal : code).toBe(touch === '' ? 'SIGKILL' : 3);
});

test('a pipe whose reader stopped the moment before holds up no end, and loses no line that there was room for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-pipe-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  try {
    const much = `logger.info('first words'); for (let line = 0; line < 2000; line += 1) logger.info('x'.repeat(100));`;
    const child = loggerTo(writer, `${much} setTimeout(() => process.exit(3), 300);`);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(3);
    const read = Buffer.alloc(1024 * 1024);
    const length = readSync(reader, read);
    // About what such a pipe holds.
    expect(length).toBeGreaterThan(60_000);
    expect(read.toString('utf8', 0, length)).toContain('first words');
  } finally {
    closeSync(writer);
    closeSync(reader);
    rmSync(folder, { recursive: true });
  }
});

test('a reader that is gone keeps nobody from ending either', async () => {
  const { child } = logger(
    `setInterval(() => logger.info('a line'), 1); setTimeout(() => process.exit(3), 1000);`,
  );
  child.stdout.destroy();
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(3);
});

test('a reader that reads again after a while gets whole lines, in their order', async () => {
  const { child } = logger(`
    let line = 0;
    const more = setInterval(() => {
      for (let count = 0; count < 100; count += 1) logger.info({ line: line++ }, 'x'.repeat(100));
      if (line >= 20_000) { clearInterval(more); setTimeout(() => undefined, 500); }
    }, 1);`);
  const numbers = (await readLate(child)).map(({ line }) => line);
  expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, line) => line));
});

test('what is lost because nobody reads for too long is told where it is missing', async () => {
  const { child } = logger(`
    let line = 0;
    const words = 'x'.repeat(1024 * 1024);
    for (let count = 0; count < 80; count += 1) logger.info({ line: line++ }, words);
    const more = setInterval(() => logger.info({ line: line++ }, 'y'), 10);
    setTimeout(() => clearInterval(more), 3000);`);
  const lines = await readLate(child);
  const at = lines.findIndex(({ line }) => line === undefined);
  const lost = lines[at]!.lines!;
  expect(lost).toBeGreaterThan(10);
  const numbers = lines.toSpliced(at, 1).map(({ line }) => line);
  const isThere = (line: number) => line < at || line >= at + lost;
  expect(numbers).toEqual(Array.from({ length: numbers.length + lost }, (_, line) => line).filter(isThere));
});

test('a loss that no line follows is told as soon as somebody reads', async () => {
  const { child } = logger(`
    const words = 'x'.repeat(1024 * 1024);
    for (let count = 0; count < 80; count += 1) logger.info(words);
    setTimeout(() => undefined, 60_000);`);
  let end = '';
  await hearLate(child, (piece) => (end = (end + piece).slice(-500)));
  await eventually(() => end.includes('were lost'));
  child.kill('SIGKILL');
  await once(child, 'close');
});
