import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../scripts/free-port.mjs';
import { endChild } from '../../children.mjs';
import { REDIRECT_URI } from '../../subjects/code-request.mjs';
import { authorizationRequest, refreshTokens, Walker } from '../code-flow.mjs';
import { run, startServer } from '../../processes.mjs';
import { buildHydra } from './build.mjs';

const POOL = 10; // as many as Stagedoor opens

/**
 * Its pool where tokens are JWTs. A token reads the signing key under a lock, once outside a transaction and once within:
 * as soon as all connections are in transactions that wait for the lock, its holder waits for a connection, for ever
 * (https://github.com/ory/hydra/issues/3863). So there must be more of them than requests at once.
 */
const JWT_POOL = 128;
const JWT_REQUESTS_AT_ONCE = 100;

const ACCESS_TOKEN_KEYS = 'hydra.jwt.access-token';
const SUBJECT = 'a-user';

/** Nobody listens there: its pages for login and consent are the caller's, and we answer for them. */
const PAGES = 'http://127.0.0.1:9';

/** A rotation deletes the access tokens of its grant; the refresh token that it spent stays, and tells of them. */
const STORED_TOKENS = `
  select (select count(*) from hydra_oauth2_access)
    + (select count(*) from hydra_oauth2_refresh where not active) as count`;

/** By workload, why there is none. */
const UNSUPPORTED = {
  code: 'Ory Hydra leaves login and consent to another server, even of a live session, so no one request gives a code',
};

/**
 * What a variant is called, what its access tokens are, and how client secrets are hashed if not as by default.
 * @typedef {{ name: string, format: 'jwt' | 'opaque', hashers?: object }} Variant
 */

/**
 * Starts Ory Hydra: migrated, with a client. JWTs are signed with ES256.
 * @param {{ databaseUrl: string, folder: string, name?: string, env?: Record<string, string>, scope?: string }} choice
 * @param {Variant} variant
 */
export async function startHydra(choice, variant) {
  const { binary } = await buildHydra();
  const jwt = variant.format === 'jwt';
  const { name = variant.name, scope = 'read write' } = choice;
  const [base, admin] = await Promise.all([origin(), origin()]);
  const config = join(choice.folder, `${name}.json`);
  writeFileSync(config, JSON.stringify(settings(base, admin, variant)), { mode: 0o600 });
  const env = { PATH: process.env.PATH, DSN: dsn(choice.databaseUrl, jwt ? JWT_POOL : POOL), ...choice.env };
  await run(binary, ['migrate', 'sql', 'up', '--yes', '--read-from-env', '--config', config], { env });
  const child = await startServer(binary, ['serve', 'all', '--dev', '--sqa-opt-out', '--config', config], {
    env,
    logFile: join(choice.folder, `${name}.log`),
    answersAt: `${admin}/health/ready`,
  });
  if (jwt)
    await send('POST', `${admin}/admin/keys/${ACCESS_TOKEN_KEYS}`, { alg: 'ES256', use: 'sig', kid: 'peer' });
  const client = await addClient(admin, scope);
  const flow = { base, admin, client, scope: `${scope} offline_access` };
  return {
    name,
    base,
    client,
    pids: [child.pid],
    paths: paths(admin),
    storedTokensQuery: STORED_TOKENS,
    unsupported: UNSUPPORTED,
    ...(jwt && { maxConnections: JWT_REQUESTS_AT_ONCE }),
    refreshTokens: (count) =>
      refreshTokens(count, { tokenEndpoint: `${base}/oauth2/token`, client, newCode: () => newCode(flow) }),
    stop: () => endChild(child),
  };
}

async function origin() {
  return `http://127.0.0.1:${await freePort()}`;
}

function settings(base, admin, { format, hashers }) {
  const serve = (url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  return {
    serve: { public: serve(base), admin: serve(admin) },
    urls: { self: { issuer: base }, login: `${PAGES}/login`, consent: `${PAGES}/consent` },
    strategies: { access_token: format },
    secrets: { system: [randomBytes(32).toString('hex')] },
    oauth2: { pkce: { enforced: true }, ...(hashers && { hashers }) },
    log: { level: 'error' }, // by default it writes a line for each request
  };
}

function dsn(databaseUrl, connections) {
  const url = new URL(databaseUrl);
  url.search = `sslmode=disable&max_conns=${connections}&max_idle_conns=${connections}`;
  return url.href;
}

/** Introspection is an endpoint of its administrators, on a port of its own, and asks no client to authenticate. */
function paths(admin) {
  return {
    token: '/oauth2/token',
    introspect: `${admin}/admin/oauth2/introspect`,
    revoke: '/oauth2/revoke',
    authorize: '/oauth2/auth',
    jwks: '/.well-known/jwks.json',
    discovery: '/.well-known/openid-configuration',
  };
}

async function addClient(admin, scope) {
  const secret = randomBytes(32).toString('base64url');
  const { client_id } = await send('POST', `${admin}/admin/clients`, {
    client_secret: secret,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: `${scope} offline_access`,
    token_endpoint_auth_method: 'client_secret_post',
  });
  return { client_id, client_secret: secret };
}

async function newCode({ base, admin, client, scope }) {
  const { authorizeUrl, redemption } = authorizationRequest(`${base}/oauth2/auth`, client, scope);
  const code = await new Walker().codeFrom(authorizeUrl, (url) => accept(url, admin, scope));
  return { ...redemption, code };
}

/** What the pages for login and consent do behind the browser's back: accept by the admin API. */
async function accept(url, admin, scope) {
  if (url.origin !== PAGES) return undefined;
  const page = url.pathname.slice(1);
  const answer = page === 'login' ? { subject: SUBJECT } : { grant_scope: scope.split(' ') };
  const endpoint = new URL(`${admin}/admin/oauth2/auth/requests/${page}/accept`);
  endpoint.search = url.search; // login_challenge or consent_challenge
  return (await send('PUT', endpoint, answer)).redirect_to;
}

async function send(method, url, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
