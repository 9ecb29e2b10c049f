import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../scripts/free-port.mjs';
import { endChild } from '../../children.mjs';
import { NODE_FLAGS } from '../../subjects/node-flags.mjs';
import { Unavailable } from '../../subjects/unavailable.mjs';
import { REDIRECT_URI } from '../../subjects/code-request.mjs';
import { authorizationRequest, refreshTokens, Walker } from '../code-flow.mjs';
import { run, startServer } from '../../processes.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const OLDEST_NODE = 22;

/**
 * Starts node-oidc-provider, with tokens of this format.
 * @param {{ databaseUrl: string, folder: string, node?: string, profileFolder?: string, name?: string, scope?: string }} choice
 * @param {'jwt' | 'opaque'} format
 */
export async function startOidcProvider(choice, format) {
  const { databaseUrl, folder, node = process.execPath, scope = 'read write' } = choice;
  const name = choice.name ?? (format === 'jwt' ? 'oidc-provider' : 'oidc-provider-opaque');
  await requireNode(node);
  await install();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const client = {
    client_id: randomBytes(16).toString('base64url'),
    client_secret: randomBytes(32).toString('base64url'),
  };
  const identity = { port, databaseUrl, format, client, redirectUri: REDIRECT_URI, scope };
  const args = [...flags(name, choice.profileFolder), join(FOLDER, 'server.mjs')];
  const child = await startServer(node, args, {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      OIDC_PEER: JSON.stringify(identity),
      ...choice.env,
    },
    logFile: join(folder, `${name}.log`),
    answersAt: `${base}${PATHS.discovery}`,
  });
  const codeFlow = () => liveSession(base, client, scope);
  return {
    name,
    base,
    client,
    pids: [child.pid],
    paths: PATHS,
    ...(format === 'jwt' ? { unsupported: JWT_CANNOT } : { storedTokensQuery: STORED_TOKENS }),
    refreshTokens: (count) => tokensOf(count, `${base}${PATHS.token}`, client, codeFlow),
    codeFlow,
    stop: () => endChild(child),
  };
}

const PATHS = {
  token: '/token',
  introspect: '/token/introspection',
  revoke: '/token/revocation',
  authorize: '/auth',
  jwks: '/jwks',
  discovery: '/.well-known/openid-configuration',
};

const STORED_TOKENS =
  'select (select count(*) from oidc_client_credentials) + (select count(*) from oidc_access_token) as count';

/** By workload, why there is none. */
const JWT_CANNOT = {
  introspect: 'node-oidc-provider keeps no JWT access token, and so answers nothing about one',
  revoke: 'node-oidc-provider keeps no JWT access token, and so cannot revoke one',
};

async function requireNode(node) {
  const version = (await run(node, ['--version'])).trim();
  if (Number(/^v(\d+)/.exec(version)?.[1]) < OLDEST_NODE) {
    throw new Unavailable(`node-oidc-provider 9 needs Node ${OLDEST_NODE} or newer; this is ${version}`);
  }
}

/** Its packages are none of Stagedoor's: they are installed on demand, in their own folder, as the lock says. */
async function install() {
  if (existsSync(join(FOLDER, 'node_modules', '.package-lock.json'))) return;
  try {
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: FOLDER });
  } catch (cause) {
    throw new Unavailable(`the packages of node-oidc-provider could not be installed: ${cause.message}`);
  }
}

/** The same flag as Stagedoor's start has. */
function flags(name, profileFolder) {
  if (profileFolder === undefined) return NODE_FLAGS;
  return [
    ...NODE_FLAGS,
    '--cpu-prof',
    `--cpu-prof-dir=${profileFolder}`,
    `--cpu-prof-name=${name}.cpuprofile`,
  ];
}

async function liveSession(base, client, scope) {
  const { authorizeUrl, redemption } = authorizationRequest(`${base}${PATHS.authorize}`, client, scope);
  const walker = new Walker();
  await walker.codeFrom(authorizeUrl); // signs in; the code is not used
  return { authorizeUrl, cookie: walker.cookie('_session'), redemption };
}

async function tokensOf(count, tokenEndpoint, client, codeFlow) {
  const { authorizeUrl, cookie, redemption } = await codeFlow();
  const newCode = async () => ({ ...redemption, code: await new Walker(cookie).codeFrom(authorizeUrl) });
  return refreshTokens(count, { tokenEndpoint, client, newCode });
}
