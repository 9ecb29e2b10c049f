// The two servers of a run, each a process of its own.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChild, startChild } from './children.mjs';
import { Browser, post } from './requests.mjs';
import { freePort } from '../scripts/free-port.mjs';

const CLI = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const BARE = fileURLToPath(new URL('bare-server.mjs', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const ADMIN = { username: 'admin', password: randomBytes(16).toString('hex') };
const REDIRECT_URI = 'https://app.example/callback';

/** @typedef {import('./workloads.mjs').Target & { readonly pid: number }} Server */

/**
 * Starts the bare server.
 * @param {string | undefined} profileFolder
 * @returns {Promise<Server>}
 */
export async function startBare(profileFolder) {
  const client = {
    client_id: randomBytes(16).toString('base64url'),
    client_secret: randomBytes(32).toString('base64url'),
  };
  const identity = JSON.stringify({ clientId: client.client_id, clientSecret: client.client_secret });
  const child = startChild(process.execPath, [...profiling('bare', profileFolder), BARE, identity], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [base] = await once(createInterface({ input: child.stdout }), 'line');
  const refreshTokens = async (count) =>
    (await post(`${base}/seeds`, client, { count: String(count) })).seeds;
  return { base, client, pid: child.pid, refreshTokens };
}

/**
 * Starts Stagedoor as its users do, on an empty database: migrated, with a client, every setting at its default.
 * @param {string} databaseUrl
 * @param {string} folder for its log
 * @param {string | undefined} profileFolder
 * @param {{ name?: string, env?: Record<string, string>, scope?: string }} [choice] its name, settings that are not at their
 * default, and what its client may ask for
 * @returns {Promise<Server & { stop(): Promise<void> }>}
 */
export async function startStagedoor(
  databaseUrl,
  folder,
  profileFolder,
  { name = 'stagedoor', env: settings, scope = 'read write' } = {},
) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH,
    OAUTH2_SERVER_PORT: String(port),
    OAUTH2_DATABASE_URL: databaseUrl,
    OAUTH2_SECRET: randomBytes(32).toString('hex'),
    OAUTH2_ADMIN_PASSWORD: ADMIN.password,
    ...settings,
  };
  await runCli(['migrate'], env);
  const client = await addClient(env, scope);
  // To a file and not to us: reading the log would take processor time from what is measured.
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'w', 0o600);
  const child = startChild(process.execPath, [...profiling(name, profileFolder), CLI, 'serve'], {
    env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await untilReady(base, child, logFile);
  return {
    base,
    client,
    pid: child.pid,
    refreshTokens: (count) => refreshTokens(base, client, count),
    stop: () => endChild(child),
  };
}

async function addClient(env, scope) {
  const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials'].flatMap((type) => [
    '-g',
    type,
  ]);
  // A first-party client: its users are not asked for consent.
  const flags = ['--first-party', '-r', REDIRECT_URI, '-s', scope, ...grantTypes];
  const shown = await runCli(['clients', 'add', 'Benchmark', ...flags], env);
  const [, id] = /^client_id: (\S+)/m.exec(shown);
  const [, secret] = /^client_secret: (\S+)/m.exec(shown);
  return { client_id: id, client_secret: secret };
}

/** Refresh tokens by the only way there is: a person who signs in, and codes redeemed. */
async function refreshTokens(base, client, count) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL('/oauth/authorize', base);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const browser = new Browser();
  await browser.signIn(url, ADMIN);
  const tokens = [];
  while (tokens.length < count) {
    const { location } = await browser.request(url);
    const code = location?.searchParams.get('code');
    if (!code) throw new Error('the authorization request gave no code');
    const redemption = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    };
    tokens.push((await post(`${base}/oauth/token`, client, redemption)).refresh_token);
  }
  return tokens;
}

function profiling(name, folder) {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

async function runCli(args, env) {
  const child = startChild(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`stagedoor ${args[0]} ended with ${code}:\n${output}`);
  return output;
}

async function untilReady(base, child, logFile) {
  const end = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (await isReady(base)) return;
    if (child.exitCode !== null || Date.now() > end) {
      throw new Error(`Stagedoor did not become ready:\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(50);
  }
}

async function isReady(base) {
  try {
    return (await fetch(`${base}/ready`)).ok;
  } catch {
    return false;
  }
}
