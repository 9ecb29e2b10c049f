import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { authorizationUrl, obtainTokens, post, REDIRECT_URI, registerClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FORM = 'application/x-www-form-urlencoded';

/** [the route, the status, the client and the error that its line must name] by the request's id. */
type Expected = readonly [string, string, number, string?, string?];

let server: TestServer;
const expected = new Map<string, Expected>();

beforeAll(async () => {
  server = await startServer({ env: { OAUTH2_SERVER_PROT: '80' } });
});
afterAll(() => server.stop());

/** Notes what the line of an answered request must say. */
function expectLine(answer: { status: number; headers: Headers }, ...line: Expected): void {
  const requestId = answer.headers.get('x-request-id') ?? '';
  expect(requestId).toMatch(UUID);
  expect({ line, status: answer.status }).toEqual({ line, status: line[2] });
  expect(expected.has(requestId)).toBe(false);
  expected.set(requestId, line);
}

async function ask(method: string, path: string, ...line: [string, number, string?, string?]): Promise<void> {
  const headers = method === 'POST' ? { 'content-type': FORM } : {};
  const response = await fetch(server.issuer + path, { method, headers, redirect: 'manual' });
  await response.arrayBuffer();
  const [route, ...rest] = line;
  expectLine(response, method, route, ...rest);
}

function lines(): readonly Record<string, unknown>[] {
  const text = server.output('stdout');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('each request leaves one line of JSON with its id, route, status, duration, and the client where it is known', async () => {
  const { issuer } = server;
  const client = await registerClient(issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  const id = client.client_id;
  const wrong = { client_id: id, client_secret: 'wrong' };
  const fields = { grant_type: 'client_credentials', scope: 'read' };
  const tokens = await obtainTokens(issuer, client);
  const token = tokens.access_token;
  const person = new Person(issuer);
  const valid = new URL(authorizationUrl(issuer, client, { prompt: 'consent' }).url);

  await ask('GET', '/health', '/health', 200);
  await ask('HEAD', '/ready', '/ready', 200);
  await ask('GET', '/.well-known/openid-configuration', '/.well-known/openid-configuration', 200);
  await ask('GET', '/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server', 200);
  await ask('GET', '/.well-known/jwks.json?x=1', '/.well-known/jwks.json', 200);
  await ask('GET', '/no/such/page', 'unmatched', 404);
  await ask('GET', '/oauth/token', '/oauth/token', 405);
  await ask('GET', valid.pathname + valid.search, '/oauth/authorize', 303, id);
  await ask(
    'GET',
    `${valid.pathname}${valid.search.replace('prompt=consent', 'prompt=none')}`,
    '/oauth/authorize',
    303,
    id,
    'login_required',
  );
  // What an unknown caller claims to be is not what it is.
  await ask(
    'GET',
    '/oauth/authorize?client_id=nobody',
    '/oauth/authorize',
    400,
    undefined,
    'invalid_request',
  );
  await ask('POST', '/oauth/token', '/oauth/token', 401, undefined, 'invalid_client');
  await ask('GET', '/oauth/userinfo', '/oauth/userinfo', 401, undefined, 'invalid_token');
  await ask('POST', '/auth/login', '/auth/login', 403, undefined, 'access_denied');
  await ask('GET', '/account', '/account', 303);

  const endpoint = (path: string, as: typeof wrong | typeof client, body: Record<string, string>) =>
    post(issuer + path, as, body);
  expectLine(await endpoint('/oauth/token', client, fields), 'POST', '/oauth/token', 200, id);
  expectLine(
    await endpoint('/oauth/token', client, { ...fields, scope: 'more' }),
    'POST',
    '/oauth/token',
    400,
    id,
    'invalid_scope',
  );
  expectLine(
    await endpoint('/oauth/token', wrong, fields),
    'POST',
    '/oauth/token',
    401,
    undefined,
    'invalid_client',
  );
  expectLine(await endpoint('/oauth/introspect', client, { token }), 'POST', '/oauth/introspect', 200, id);
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  expectLine(await fetch(`${issuer}/oauth/userinfo`, bearer), 'GET', '/oauth/userinfo', 200, id);
  expectLine(await endpoint('/oauth/revoke', client, { token }), 'POST', '/oauth/revoke', 200, id);
  const registered = await fetch(`${issuer}/clients/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI] }),
  });
  const { client_id } = (await registered.json()) as { client_id: string };
  expectLine(registered, 'POST', '/clients/register', 201, client_id);

  const login = await person.open(valid.href);
  expectLine(login, 'GET', '/auth/login', 200, id);
  expectLine(await person.logIn(login, { username: 'x', password: 'y' }), 'POST', '/auth/login', 401, id);
  const consent = await person.logIn(login);
  expectLine(consent, 'GET', '/oauth/authorize', 200, id);
  expectLine(
    await person.submit(consent, { decision: 'allow' }),
    'POST',
    '/oauth/authorize/decision',
    303,
    id,
  );
  const logout = await person.open('/auth/logout');
  expectLine(logout, 'GET', '/auth/logout', 200);
  expectLine(await person.submit(logout), 'POST', '/auth/logout', 200);
});

test('a request that its client gave up is logged as aborted', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(
    `POST /oauth/revoke HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 9\r\n` +
      'Expect: 100-continue\r\n\r\nhalf',
  );
  // "100 Continue" is the sign that the server has begun with the request: on a busy machine nothing else is.
  const [sign] = (await once(socket, 'data')) as [Buffer];
  expect(sign.toString()).toMatch(/^HTTP\/1\.1 100 /);
  socket.destroy();
  await eventually(() => server.output().includes('"aborted"'));
  expect(lines().filter(({ aborted }) => aborted === true)).toEqual([
    expect.objectContaining({ method: 'POST', route: '/oauth/revoke' }),
  ]);
});

test('the log is complete when the process has ended', async () => {
  expect(await server.terminate()).toBe(0);
  const log = lines();
  for (const [requestId, [method, route, status, clientId, error]] of expected) {
    const found = log.filter((line) => line.requestId === requestId);
    expect(found).toEqual([
      {
        level: 30,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        requestId,
        method,
        route,
        status,
        durationMs: expect.any(Number),
        remoteAddress: '127.0.0.1',
        ...(clientId !== undefined && { clientId }),
        ...(error !== undefined && { error }),
        msg: 'request',
      },
    ]);
    expect(found[0]!.durationMs).toBeGreaterThan(0);
  }
  expect(expected.size).toBeGreaterThan(20);
  const requests = log.filter(({ msg }) => msg === 'request');
  expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(requests.length);
  expect(log.filter(({ msg }) => msg !== 'request').map(({ msg }) => msg)).toEqual([
    'OAUTH2_SERVER_PROT is not a setting of this server and is ignored; did you mean OAUTH2_SERVER_PORT?',
    'ready',
    'draining',
    'stopped',
  ]);
});

test('lines below the log level are not written', async () => {
  const quiet = await startServer({ env: { OAUTH2_LOG_LEVEL: 'warn', OAUTH2_SERVER_PROT: '80' } });
  await fetch(`${quiet.issuer}/no/such/page`);
  expect(await quiet.terminate()).toBe(0);
  const written = quiet.output('stdout').trimEnd().split('\n');
  expect(written.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([40]);
  await quiet.stop();
});
