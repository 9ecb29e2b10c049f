import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminByToken, adminBySession, adminCaller, signedInCaller } from '../support/admin.ts';
import { obtainCode, obtainTokens, redeem, registerClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';

const PASSWORD = 'a password long enough';
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await runCli(['users', 'add', 'peter', '--password-stdin'], server.env, `${PASSWORD}\n`);
});
afterAll(() => server.stop());

const NEW_CLIENT = { client_name: 'A client', grant_types: ['client_credentials'], scope: 'read' };

test('nobody is told how to come in (RFC 6750 §3.1)', async () => {
  const answer = await adminCaller(server.issuer, {}).call('GET', '/clients');
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="stagedoor", scope="admin:read"');
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ type: 'about:blank', status: 401, error: 'invalid_token' });
});

test('a token that is none of ours is invalid', async () => {
  for (const authorization of ['Bearer nonsense', 'Basic YTpi', 'Bearer ']) {
    const answer = await adminCaller(server.issuer, { authorization }).call('GET', '/clients');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  }
});

test('a token without the scope is told which one it needs', async () => {
  const caller = await adminByToken(server, 'read');
  const reading = await caller.call('GET', '/clients');
  expect(reading.status).toBe(403);
  expect(reading.headers.get('www-authenticate')).toBe(
    'Bearer realm="stagedoor", error="insufficient_scope", scope="admin:read"',
  );
  const writing = await caller.call('POST', '/clients', NEW_CLIENT);
  expect(writing.status).toBe(403);
  expect(writing.headers.get('www-authenticate')).toContain('scope="admin"');
});

test('admin:read reads and changes nothing', async () => {
  const caller = await adminByToken(server, 'admin:read');
  expect((await caller.call('GET', '/clients')).status).toBe(200);
  expect((await caller.call('POST', '/clients', NEW_CLIENT)).status).toBe(403);
  expect((await caller.call('POST', '/keys/rotate')).status).toBe(403);
});

describe('a session', () => {
  test('of an admin reads, and changes with the token of a page of ours only', async () => {
    const { cookie, csrfToken } = await signedInCaller(server);
    const plain = adminCaller(server.issuer, { cookie });
    expect((await plain.call('GET', '/clients')).status).toBe(200);
    expect((await plain.call('POST', '/clients', NEW_CLIENT)).status).toBe(403);
    const forged = adminCaller(server.issuer, { cookie, 'x-csrf-token': 'x'.repeat(43) });
    expect((await forged.call('POST', '/clients', NEW_CLIENT)).status).toBe(403);
    const foreign = adminCaller(server.issuer, {
      cookie,
      'x-csrf-token': csrfToken,
      'sec-fetch-site': 'cross-site',
    });
    expect((await foreign.call('POST', '/clients', NEW_CLIENT)).status).toBe(403);
    const ours = adminCaller(server.issuer, { cookie, 'x-csrf-token': csrfToken });
    expect((await ours.call('POST', '/clients', NEW_CLIENT)).status).toBe(201);
  });

  test('of anybody else is refused everything', async () => {
    const peter = await signedInCaller(server, { username: 'peter', password: PASSWORD });
    const caller = adminCaller(server.issuer, { cookie: peter.cookie, 'x-csrf-token': peter.csrfToken });
    expect((await caller.call('GET', '/clients')).status).toBe(403);
    expect((await caller.call('POST', '/clients', NEW_CLIENT)).status).toBe(403);
  });

  test('that accompanies a bad token does not make up for it', async () => {
    const { cookie } = await signedInCaller(server);
    const caller = adminCaller(server.issuer, { cookie, authorization: 'Bearer nonsense' });
    expect((await caller.call('GET', '/clients')).status).toBe(401);
  });
});

test('an admin’s token is worth no more than the admin’s role is now', async () => {
  const admin = await adminBySession(server);
  const made = await admin.call('POST', '/users', {
    username: 'second',
    password: PASSWORD,
    roles: ['admin'],
  });
  const registered = await admin.call('POST', '/clients', {
    client_name: 'Desk tool',
    redirect_uris: ['https://app.example/callback'],
    scope: 'openid admin',
  });
  const client = { ...registered.body.client, client_secret: registered.body.client_secret };
  const credentials = { username: 'second', password: PASSWORD };
  const tokens = await obtainTokensAs(client, credentials);
  const caller = adminCaller(server.issuer, { authorization: `Bearer ${tokens.access_token}` });
  expect((await caller.call('GET', '/users')).status).toBe(200);
  const { user_id } = made.body.user;
  const demoted = await admin.call('PATCH', `/users/${user_id}`, { roles: [] }, { 'if-match': '"1"' });
  expect(demoted.body).toMatchObject({ roles: [] });
  expect((await caller.call('GET', '/users')).status).toBe(403);
});

test('what is unknown is a problem too, and a wrong method says which are right', async () => {
  const admin = await adminBySession(server);
  expect(await admin.call('GET', '/nothing')).toMatchObject({ status: 404, body: { error: 'not_found' } });
  expect(await admin.call('GET', '/clients/short')).toMatchObject({ status: 404 });
  const broken = await admin.call('GET', '/clients/%');
  expect(broken).toMatchObject({ status: 400, body: { error: 'invalid_request', status: 400 } });
  const wrong = await admin.call('PUT', '/clients', {});
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get('allow')).toBe('GET, POST, HEAD');
  expect(wrong.body).toMatchObject({ status: 405, title: 'Method Not Allowed' });
});

async function obtainTokensAs(client: any, credentials: { username: string; password: string }) {
  const person = new Person(server.issuer);
  await person.logIn(await person.open('/auth/login'), credentials);
  return (await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person))).body;
}

test('registration over the network still gives nobody an admin’s scope', async () => {
  const client = await registerClient(server.issuer, { scope: 'openid admin' });
  const tokens = await obtainTokens(server.issuer, client);
  expect(tokens.scope).toBe('openid');
});
