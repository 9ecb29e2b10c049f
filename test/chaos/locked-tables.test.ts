import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  obtainCode,
  obtainTokens,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { expectUnavailable, holdLock, send, type Requests } from './load.ts';
import { openPage, postForm } from './requests.ts';
import { eventually } from '../support/eventually.ts';

const ALL = 'clients, client_secrets, users, sessions, consents, authorization_codes, grants, access_tokens';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer({ env: { OAUTH2_STATEMENT_TIMEOUT_MS: '400' } });
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
});
afterAll(() => server.stop());

function lock(tables: string): Promise<{ release(): Promise<void> }> {
  return holdLock(server.env.OAUTH2_DATABASE_URL!, `lock table ${tables} in access exclusive mode`);
}

async function everyEndpoint(): Promise<Requests> {
  const { issuer } = server;
  const person = new Person(issuer);
  const { code, verifier } = await obtainCode(issuer, client, {}, person);
  const tokens = await obtainTokens(issuer, client);
  const { url } = authorizationUrl(issuer, client);
  const visitor = new Person(issuer);
  const login = formOf(await visitor.open('/auth/login'));
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const redeem = { grant_type: 'authorization_code', code, code_verifier: verifier };
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string };
  return {
    issue: () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client),
    redeem: () =>
      postForm(server, '/oauth/token', { ...redeem, redirect_uri: client.redirect_uris[0]! }, client),
    refresh: () => postForm(server, '/oauth/token', refresh, client),
    introspect: () => postForm(server, '/oauth/introspect', { token: tokens.access_token }, client),
    userinfo: () =>
      fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } }),
    register: () =>
      fetch(`${issuer}/clients/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: client.redirect_uris }),
      }),
    revoke: () => postForm(server, '/oauth/revoke', { token: tokens.access_token }, client),
    'unknown client': () => postForm(server, '/oauth/token', { client_id: 'A'.repeat(22), grant_type: 'x' }),
    authorize: () => openPage(person, url),
    account: () => openPage(person, `${issuer}/account`),
    'log in': () =>
      fetch(`${issuer}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', cookie },
        body: new URLSearchParams({ ...login.fields, ...ADMIN }).toString(),
        redirect: 'manual',
      }),
  };
}

test('a statement that waits too long is the server’s fault, and nothing is spent: the same requests work later', async () => {
  const requests = await everyEndpoint();
  const sendAll = () => Promise.all(Object.entries(requests).map(([what, request]) => send(what, request)));
  const held = await lock(ALL);
  for (const answer of await sendAll()) expectUnavailable(answer);
  for (const path of [
    '/health',
    '/.well-known/jwks.json',
    '/.well-known/openid-configuration',
    '/auth/login',
  ]) {
    expect((await fetch(server.issuer + path)).status).toBe(200);
  }
  await held.release();

  const { revoke, ...others } = requests;
  const later = [];
  for (const [what, request] of Object.entries({ ...others, revoke: revoke! })) {
    later.push([what, (await send(what, request)).status]);
  }
  expect(Object.fromEntries(later)).toEqual({
    issue: 200,
    redeem: 200,
    refresh: 200,
    introspect: 200,
    userinfo: 200,
    register: 201,
    'unknown client': 401,
    authorize: 303,
    account: 200,
    'log in': 303,
    revoke: 200,
  });
  expect(server.output()).not.toMatch(/crashed|unexpected/);
});

test('an audit that cannot be written holds nobody up, and what it lost is in the log', async () => {
  const held = await lock('audit_events');
  const person = new Person(server.issuer);
  const step = await person.logIn(await person.open('/auth/login'));
  expect(step.url).toBe(`${server.issuer}/account`);
  const registered = await registerClient(server.issuer);
  const lost = () =>
    server
      .output('stdout')
      .split('\n')
      .filter((line) => line.includes('audit event could not be stored'))
      .map((line) => (JSON.parse(line) as { event: { type: string; clientId?: string } }).event);
  await eventually(lost, ({ length }) => length >= 2);
  await held.release();
  expect(lost().map(({ type }) => type)).toEqual(
    expect.arrayContaining(['login_succeeded', 'client_registered']),
  );
  expect(lost().find(({ type }) => type === 'client_registered')?.clientId).toBe(registered.client_id);
});
