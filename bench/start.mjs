// How long it takes from the start of the process to the first token, and how much memory it then has.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, endChild, endChildren, residentMb, startChild } from './children.mjs';
import { between, readOptions } from './command-line.mjs';
import { startDatabase } from './database.mjs';
import { median } from './statistics.mjs';
import { NODE_FLAGS } from './subjects/node-flags.mjs';
import { addClientByCli, runCli } from './subjects/stagedoor.mjs';
import { freePort } from '../scripts/free-port.mjs';
import { nodeVersion } from '../scripts/node-binary.mjs';

const CLI = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const POLL_MS = 3;
const TIMEOUT_MS = 60_000;
/** Memory is looked at when what the start left behind has been collected. */
const SETTLE_MS = 2000;

/**
 * Something that the server is started on.
 * @typedef {object} Place
 * @property {string} name
 * @property {Record<string, string>} env what the server finds its data by
 * @property {{ client_id: string, client_secret: string } | undefined} client absent where there is no data yet
 * @property {() => void} leave called when a start on it is over
 */

/** @typedef {{ seconds: number, cpuSeconds: number | undefined, residentMb: number | undefined }} Start */

const USAGE = `Usage: npm run bench:start -- [options]
  --rounds N     starts on each database (default 7)
  --node FILE    measure with this Node as well (repeatable)
  --json         print the results as JSON instead of a table
`;

const options = readOptions(
  USAGE,
  {
    options: {
      rounds: { type: 'string', default: '7' },
      node: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  },
  (values) => ({ ...values, rounds: between(1, 99, values.rounds) }),
);
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-start-'));
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const database = await startDatabase();
try {
  const results = await measure(database.url, [process.execPath, ...options.node], options.rounds);
  process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : table(results));
} finally {
  await endChildren();
  await database.stop();
}

/** Starts on each place by each Node, one after the other, and again; the first start of each is not counted. */
async function measure(databaseUrl, nodes, rounds) {
  const existing = [await onPostgres(databaseUrl), await onExistingFolder()];
  const subjects = nodes.flatMap((node) =>
    [...existing.map((place) => () => place), onFreshFolder].map((place) => ({ node, place, starts: [] })),
  );
  for (let round = 0; round <= rounds; round += 1) {
    for (const { node, place, starts } of subjects) {
      const start = await startOnce(node, place());
      if (round > 0) starts.push(start);
    }
  }
  return Promise.all(
    subjects.map(async ({ node, place, starts }) => summary(node, (await place()).name, starts)),
  );
}

function summary(node, place, starts) {
  const seconds = starts.map((start) => start.seconds);
  return {
    place,
    node: nodeVersion(node),
    medianSeconds: median(seconds),
    worstSeconds: Math.max(...seconds),
    medianCpuSeconds: median(starts.map((start) => start.cpuSeconds)),
    medianResidentMb: median(starts.map((start) => start.residentMb)),
    starts,
  };
}

/** @returns {Promise<Place>} */
async function onPostgres(databaseUrl) {
  const env = { OAUTH2_DATABASE_URL: databaseUrl, OAUTH2_SECRET: randomBytes(32).toString('hex') };
  await runCli(process.execPath, ['migrate'], { PATH: process.env.PATH, ...env });
  return { name: 'PostgreSQL', env, client: await addClient(env), leave: () => undefined };
}

/** @returns {Promise<Place>} */
async function onExistingFolder() {
  const env = { OAUTH2_DATA_DIR: join(folder, 'existing') };
  return { name: 'existing folder', env, client: await addClient(env), leave: () => undefined };
}

/** @returns {Place} */
function onFreshFolder() {
  const data = join(folder, randomBytes(6).toString('hex'));
  const leave = () => rmSync(data, { recursive: true, force: true });
  return { name: 'fresh folder', env: { OAUTH2_DATA_DIR: data }, client: undefined, leave };
}

/** One start, up to the first token. @returns {Promise<Start>} */
async function startOnce(node, { env, client, leave }) {
  const port = await freePort();
  const settings = {
    OAUTH2_SERVER_PORT: String(port),
    OAUTH2_ADMIN_PASSWORD: 'a password for the benchmark',
  };
  const startedAtMs = performance.now();
  const child = startChild(node, [...NODE_FLAGS, CLI, 'serve'], {
    env: { PATH: process.env.PATH, ...env, ...settings },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    const asked = client ?? (await untilAnswered(port, child, () => register(port)));
    const { access_token: token } = await untilAnswered(port, child, () => issueToken(port, asked));
    if (token === undefined) throw new Error('the answer has no token');
    const seconds = (performance.now() - startedAtMs) / 1000;
    const cpu = cpuSeconds(child.pid);
    await sleep(SETTLE_MS);
    return { seconds, cpuSeconds: cpu, residentMb: residentMb(child.pid) };
  } finally {
    await endChild(child);
    leave();
  }
}

/** Asks until the server listens. */
async function untilAnswered(port, child, ask) {
  const endMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== 'ECONNREFUSED') throw error;
      if (child.exitCode !== null)
        throw new Error(`the server ended with ${child.exitCode}`, { cause: error });
      if (performance.now() > endMs) throw new Error(`nothing listens on port ${port}`, { cause: error });
      await sleep(POLL_MS);
    }
  }
}

function register(port) {
  const metadata = { client_name: 'Benchmark', grant_types: ['client_credentials'], scope: 'read write' };
  return post(port, '/clients/register', 'application/json', JSON.stringify(metadata));
}

function issueToken(port, { client_id, client_secret }) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
  return post(port, '/oauth/token', 'application/x-www-form-urlencoded', form.toString());
}

async function post(port, path, type, body) {
  const asked = request({ host: '127.0.0.1', port, path, method: 'POST', headers: { 'content-type': type } });
  asked.end(body);
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}: ${text}`);
  return JSON.parse(text);
}

function addClient(env) {
  const flags = ['-g', 'client_credentials', '-s', 'read write'];
  return addClientByCli(process.execPath, flags, { PATH: process.env.PATH, ...env });
}

function table(results) {
  const head = ['', 'Node', 'median', 'worst', 'CPU', 'memory'];
  const rows = results.map((result) => [
    result.place,
    result.node,
    unit(result.medianSeconds, 2, 's'),
    unit(result.worstSeconds, 2, 's'),
    unit(result.medianCpuSeconds, 2, 's'),
    unit(result.medianResidentMb, 0, 'MB'),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) => cells.map((cell, column) => cell.padEnd(widths[column])).join('  ');
  return `From the start of the process to the first token\n\n${[head, ...rows].map(line).join('\n')}\n`;
}

function unit(number, digits, name) {
  return number === undefined ? 'unknown' : `${number.toFixed(digits)} ${name}`;
}
