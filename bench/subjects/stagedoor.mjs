// Stagedoor as its users start it: `npm start` on PostgreSQL, every setting at its default.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChild } from '../children.mjs';
import { run, startServer } from '../processes.mjs';
import { Browser, post } from '../requests.mjs';
import { freePort } from '../../scripts/free-port.mjs';
import { codeRequest, REDIRECT_URI } from './code-request.mjs';
import { NODE_FLAGS } from './node-flags.mjs';
import { profiling } from './profiling.mjs';

const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const CODES_AT_ONCE = 16;
const ADMIN = { username: 'admin', password: randomBytes(16).toString('hex') };

export const PATHS = {
  token: '/oauth/token',
  introspect: '/oauth/introspect',
  revoke: '/oauth/revoke',
  authorize: '/oauth/authorize',
  jwks: '/.well-known/jwks.json',
  discovery: '/.well-known/openid-configuration',
};

/** @type {import('./registry.mjs').Start} */
export const start = (choice) => startStagedoor(choice);

/**
 * Starts Stagedoor on an empty database: migrated, with a client, every setting at its default but those in `env`.
 * @param {import('./registry.mjs').Choice} choice
 * @returns {Promise<import('./registry.mjs').Subject>}
 */
export async function startStagedoor({
  databaseUrl,
  folder,
  node = process.execPath,
  profileFolder,
  name = 'stagedoor',
  env: settings,
  scope = 'read write',
}) {
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
  await runCli(node, ['migrate'], env);
  const client = await addClient(node, env, scope);
  const args = [
    ...NODE_FLAGS,
    ...profiling(env.OAUTH2_WORKERS ? undefined : name, profileFolder),
    CLI,
    'serve',
  ];
  const logFile = join(folder, `${name}.log`);
  const child = await startServer(node, args, {
    env,
    logFile,
    answersAt: `${base}/ready`,
    timeoutMs: START_TIMEOUT_MS,
  });
  return {
    name,
    base,
    client,
    pids: [child.pid],
    paths: PATHS,
    storedTokensQuery: 'select count(*) from access_tokens',
    refreshTokens: (count) => refreshTokens(base, client, count),
    codeFlow: async () => {
      const { browser, url, redemption } = await signedIn(base, client);
      return { authorizeUrl: url.href, cookie: browser.cookie, redemption };
    },
    stop: () => endChild(child),
  };
}

async function addClient(node, env, scope) {
  const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials'].flatMap((type) => [
    '-g',
    type,
  ]);
  // A first-party client: its users are not asked for consent.
  const flags = ['--first-party', '-r', REDIRECT_URI, '-s', scope, ...grantTypes];
  return addClientByCli(node, flags, env);
}

/** Refresh tokens by the only way there is: a person who signs in, and codes redeemed. */
async function refreshTokens(base, client, count) {
  const { browser, url, redemption } = await signedIn(base, client);
  const tokens = [];
  const redeemOne = async () => {
    const { location } = await browser.request(url);
    const code = location?.searchParams.get('code');
    if (!code) throw new Error('the authorization request gave no code');
    return (await post(base + PATHS.token, client, { ...redemption, code })).refresh_token;
  };
  while (tokens.length < count) {
    const missing = Math.min(CODES_AT_ONCE, count - tokens.length);
    tokens.push(...(await Promise.all(Array.from({ length: missing }, redeemOne))));
  }
  return tokens;
}

async function signedIn(base, client) {
  const { url, redemption } = codeRequest(base + PATHS.authorize, client.client_id);
  const browser = new Browser();
  await browser.signIn(url, ADMIN);
  return { browser, url, redemption };
}

/** What a command of Stagedoor prints. */
export function runCli(node, args, env) {
  return run(node, [CLI, ...args], { env });
}

/** A client of this name that the command line adds, allowed what the flags say. */
export async function addClientByCli(node, flags, env) {
  const shown = await runCli(node, ['clients', 'add', 'Benchmark', ...flags], env);
  const [, client_id] = /^client_id: (\S+)/m.exec(shown);
  const [, client_secret] = /^client_secret: (\S+)/m.exec(shown);
  return { client_id, client_secret };
}
