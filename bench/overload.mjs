// What a server does with five times what it can: npm run bench:overload
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildren } from './children.mjs';
import { between, readOptions } from './command-line.mjs';
import { startDatabase } from './database.mjs';
import { leaveFirstCore, putOnFirstCore } from './pin.mjs';
import { start as startCeiling } from './subjects/bare.mjs';
import { startStagedoor } from './subjects/stagedoor.mjs';
import { measureCeiling, measureRound, SECONDS_OF_ORDINARY, warm } from './overload/measure.mjs';
import { printReport } from './overload/report.mjs';
import { summarizeRounds } from './overload/summary.mjs';

const USAGE = `Usage: npm run bench:overload -- [options]
  --connections N     callers, each with a connection of its own (default 2000)
  --seconds N         length of each measurement of the peak; an overload lasts twice as long (default 3)
  --rounds N          of the peak and both overloads in turn; the medians are printed (default 7)
  --json FILE         write the figures of all rounds there, too
  --profile FOLDER    write a CPU profile of the server there
  --no-pin            leave it to the system which core serves and which one sends
`;

const options = readOptions(
  USAGE,
  {
    options: {
      connections: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'string' },
      profile: { type: 'string' },
      'no-pin': { type: 'boolean', default: false },
    },
  },
  (values) => ({
    ...values,
    connections: between(1, 100_000, values.connections),
    seconds: between(1, 900, values.seconds),
    rounds: between(1, 99, values.rounds),
  }),
);
const { seconds, rounds: count } = options;
const isPinned = !options['no-pin'] && leaveFirstCore();
// Starting and ending take some seconds; what takes twice the time of all the rest hangs.
setTimeout(() => process.exit(1), (60 + count * (12 * seconds + 8 * SECONDS_OF_ORDINARY)) * 1000).unref();

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-overload-'));
const database = await startDatabase();
try {
  const ceiling = await startCeiling({ folder, node: process.execPath });
  const server = await startStagedoor({
    databaseUrl: database.url,
    folder,
    profileFolder: options.profile,
    // On one core there is nothing for a thread that signs to run on.
    env: isPinned ? { OAUTH2_SIGNING_THREADS: '0' } : {},
  });
  for (const { pids } of isPinned ? [ceiling, server] : []) putOnFirstCore(pids[0]);
  await warm(ceiling);
  await warm(server);
  const rounds = [];
  while (rounds.length < count) {
    rounds.push({
      ...(await measureRound(server, options)),
      ceiling: await measureCeiling(ceiling, options),
    });
  }
  const summary = summarizeRounds(rounds);
  printReport(summary, { ...options, isPinned });
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ summary, rounds }, undefined, 2)}\n`);
  await server.stop();
} finally {
  await endChildren();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
