// What a server does with five times what it can: npm run bench:overload
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChildren, startChild } from './children.mjs';
import { between, readOptions } from './command-line.mjs';
import { startDatabase } from './database.mjs';
import { leaveFirstCore, putOnFirstCore } from './pin.mjs';
import { startStagedoor } from './subjects/stagedoor.mjs';
import { middleOf, printReport, recoverySeconds } from './overload/report.mjs';

const GENERATOR = fileURLToPath(new URL('overload/generator.mjs', import.meta.url));
const FACTOR = 5;
const WARM_SECONDS = 4;
const ORDINARY_SHARE = 0.2;
const SECONDS_OF_ORDINARY = 3;
/** Longer than the longest rest of a connection, or nobody's end of it would be seen. */
const OVERLOAD_BY_PEAK = 2;

const USAGE = `Usage: npm run bench:overload -- [options]
  --connections N     callers, each with a connection of its own (default 2000)
  --seconds N         length of each measurement of the peak; an overload lasts twice as long (default 4)
  --rounds N          of the peak and both overloads in turn, an odd number; the middle one is printed (default 3)
  --json FILE         write the figures there, too
  --profile FOLDER    write a CPU profile of the server there
  --no-pin            leave it to the system which core serves and which one sends
`;

const options = readOptions(
  USAGE,
  {
    options: {
      connections: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      profile: { type: 'string' },
      'no-pin': { type: 'boolean', default: false },
    },
  },
  (values) => ({
    ...values,
    connections: between(1, 100_000, values.connections),
    seconds: between(1, 900, values.seconds),
    rounds: odd(between(1, 99, values.rounds)),
  }),
);
const { connections, seconds, rounds } = options;
const isPinned = !options['no-pin'] && leaveFirstCore();
// Starting and ending take some seconds; what takes twice the time of all the rest hangs.
setTimeout(() => process.exit(1), (60 + rounds * (8 * seconds + 8 * SECONDS_OF_ORDINARY)) * 1000).unref();

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-overload-'));
const database = await startDatabase();
try {
  const server = await startStagedoor({
    databaseUrl: database.url,
    folder,
    profileFolder: options.profile,
    // On one core there is nothing for a thread that signs to run on.
    env: isPinned ? { OAUTH2_SIGNING_THREADS: '0' } : {},
  });
  if (isPinned) putOnFirstCore(server.pids[0]);
  const result = await measure(server);
  printReport(result, {
    isPinned,
    factor: FACTOR,
    connections,
    seconds: OVERLOAD_BY_PEAK * seconds,
    rounds,
    watchedSeconds: SECONDS_OF_ORDINARY,
  });
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  await server.stop();
} finally {
  await endChildren();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(server) {
  await generate(server, { connections: 64, rate: 0, seconds: WARM_SECONDS });
  const seen = [];
  while (seen.length < rounds) seen.push(await measureRound(server));
  return middleOf(seen);
}

/** The peak and both overloads, one soon after the other: the machine drifts. */
async function measureRound(server) {
  const run = (job) => generate(server, job);
  const few = await run({ connections: 64, rate: 0, seconds });
  const many = await run({ connections: 512, rate: 0, seconds });
  const best = few.good.perSecond > many.good.perSecond ? few : many;
  const peak = best.good.perSecond;
  const ordinary = { connections: 64, rate: peak * ORDINARY_SHARE, seconds: SECONDS_OF_ORDINARY };
  const normal = await run(ordinary);
  const overloads = {};
  for (const [kind, patient] of Object.entries({ impatient: false, patient: true })) {
    const job = { connections, rate: FACTOR * peak, seconds: OVERLOAD_BY_PEAK * seconds, patient };
    const overload = await run({ ...job, after: ordinary });
    const share = overload.good.perSecond / peak;
    overloads[kind] = {
      ...overload,
      share,
      sharePerCore: (share * best.serverShare) / overload.serverShare,
      recoverySeconds: recoverySeconds(overload.after.windows, normal.good.p99Ms),
    };
  }
  return { peak, few, many, normal, ...overloads };
}

async function generate({ base, client, pids: [pid] }, job) {
  const body = new URLSearchParams({ ...client, grant_type: 'client_credentials' }).toString();
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${new URL(base).host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  const whole = {
    port: Number(new URL(base).port),
    request: `${head.join('\r\n')}\r\n\r\n${body}`,
    pid,
    ...job,
  };
  const child = startChild(process.execPath, [GENERATOR, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the generator ended with ${code}`);
  return JSON.parse(output);
}

function odd(number) {
  if (number % 2 === 1) return number;
  throw new Error('--rounds must be odd: one of them is in the middle.');
}
