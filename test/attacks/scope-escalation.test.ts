import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  introspect,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { addPerson, query } from './database.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: 'openid profile read write',
  });
});
afterAll(() => stopUnharmed(server));

const BEYOND = [
  'delete',
  'read delete',
  'admin',
  'READ',
  'read:all',
  'rea',
  'readx',
  'email',
  'read write delete openid',
];
const MALFORMED = ['read\twrite', 'read"', 'read\\', 'réad', 'read\u00a0write', 'x'.repeat(129)];

function token(fields: Record<string, string>) {
  return post(`${server.issuer}/oauth/token`, client, fields);
}

function refresh(refresh_token: string, scope?: string) {
  return token({ grant_type: 'refresh_token', refresh_token, ...(scope !== undefined && { scope }) });
}

test('a client gets no token for itself beyond what it registered', async () => {
  for (const scope of [...BEYOND, ...MALFORMED]) {
    const answer = await token({ grant_type: 'client_credentials', scope });
    expect([scope, answer.status, answer.body.error]).toEqual([scope, 400, 'invalid_scope']);
  }
  const narrowed = await token({ grant_type: 'client_credentials', scope: 'read' });
  expect(narrowed).toMatchObject({ status: 200, body: { scope: 'read' } });
  expect((await introspect(server.issuer, client, narrowed.body.access_token)).scope).toBe('read');
  expect(narrowed.body).not.toHaveProperty('refresh_token');
  expect(narrowed.body).not.toHaveProperty('id_token');
});

test('a person is not even asked for what the client did not register', async () => {
  const person = await signIn(server.issuer);
  const { url } = authorizationUrl(server.issuer, client, {
    scope: 'read delete admin email',
    prompt: 'consent',
  });
  const consent = await person.open(url);
  expect(consent.text).toContain('“read”');
  for (const missing of ['delete', 'admin', 'email address']) {
    expect(/<ul class="grants">[\s\S]*?<\/ul>/.exec(consent.text)?.[0]).not.toContain(missing);
  }
  for (const scope of MALFORMED) {
    const { location } = await person.request(authorizationUrl(server.issuer, client, { scope }).url);
    expect(location).toContain('error=invalid_scope');
  }
});

test('a scope that is added to the consent form is narrowed to what the client registered', async () => {
  const person = await signIn(server.issuer);
  const { url, verifier } = authorizationUrl(server.issuer, client, { scope: 'read', prompt: 'consent' });
  const { action, fields } = formOf(await person.open(url));
  const sent = await postForm(person, action, { ...fields, scope: 'read delete admin', decision: 'allow' });
  const code = new URL(sent.location!).searchParams.get('code')!;
  expect((await redeem(server.issuer, client, { code, verifier })).body.scope).toBe('read');
});

test('a code gives the scope that was allowed, whatever its redemption asks for', async () => {
  const code = await obtainCode(server.issuer, client, { scope: 'read' });
  const { body } = await redeem(server.issuer, client, code, { scope: 'read write openid admin' });
  expect(body.scope).toBe('read');
  expect(body).not.toHaveProperty('id_token');
  expect((await introspect(server.issuer, client, body.access_token)).scope).toBe('read');
});

test('a refresh gets nothing beyond what was granted, not even what the client registered, and costs nothing', async () => {
  const tokens = await obtainTokens(server.issuer, client, { scope: 'openid read' });
  for (const scope of [...BEYOND, 'write', 'openid read write', 'profile', ...MALFORMED]) {
    const answer = await refresh(tokens.refresh_token, scope);
    expect([scope, answer.status, answer.body.error]).toEqual([scope, 400, 'invalid_scope']);
    expect(answer.body).not.toHaveProperty('access_token');
  }
  // The refusals have not spent the token.
  expect(await refresh(tokens.refresh_token)).toMatchObject({ status: 200, body: { scope: 'openid read' } });
});

test('a replay within the grace window escalates no more than the first use', async () => {
  const tokens = await obtainTokens(server.issuer, client, { scope: 'openid read' });
  expect((await refresh(tokens.refresh_token, 'read')).status).toBe(200);
  for (const scope of ['write', 'openid read write', 'admin']) {
    expect((await refresh(tokens.refresh_token, scope)).body.error).toBe('invalid_scope');
  }
  expect((await refresh(tokens.refresh_token)).body.scope).toBe('openid read');
});

test('a refresh may narrow the access token, and the next one still has all that was granted', async () => {
  const tokens = await obtainTokens(server.issuer, client, { scope: 'openid read write' });
  const narrowed = await refresh(tokens.refresh_token, 'read');
  expect(narrowed).toMatchObject({ status: 200, body: { scope: 'read' } });
  expect((await introspect(server.issuer, client, narrowed.body.access_token)).scope).toBe('read');
  const headers = { authorization: `Bearer ${narrowed.body.access_token}` };
  expect((await fetch(`${server.issuer}/oauth/userinfo`, { headers })).status).toBe(403);

  const full = await refresh(narrowed.body.refresh_token);
  expect(full.body.scope.split(' ').toSorted()).toEqual(['openid', 'read', 'write']);
  expect(
    (
      await fetch(`${server.issuer}/oauth/userinfo`, {
        headers: { authorization: `Bearer ${full.body.access_token}` },
      })
    ).status,
  ).toBe(200);
});

test('parallel refreshes, one of them asking for more, give nobody more', async () => {
  const tokens = await obtainTokens(server.issuer, client, { scope: 'openid read' });
  const scopes = ['read', 'openid read write', 'admin', 'read', 'openid read', 'write'];
  const answers = await Promise.all(scopes.map((scope) => refresh(tokens.refresh_token, scope)));
  for (const [index, { status, body }] of answers.entries()) {
    const asked = scopes[index]!;
    if (status === 200) expect([asked, body.scope]).toEqual([asked, asked]);
    if (/write|admin/.test(asked)) expect([asked, status]).toEqual([asked, 400]);
  }
});

test('userinfo tells what the scope of the token covers and no more', async () => {
  const claims = async (scope: string) => {
    const { access_token } = await obtainTokens(server.issuer, client, { scope });
    const headers = { authorization: `Bearer ${access_token}` };
    const response = await fetch(`${server.issuer}/oauth/userinfo`, { headers });
    return [response.status, Object.keys((await response.json()) as object).toSorted()];
  };
  expect(await claims('openid')).toEqual([200, ['sub']]);
  expect(await claims('openid profile')).toEqual([200, ['preferred_username', 'sub']]);
  expect(await claims('profile')).toEqual([403, ['error', 'error_description']]);
});

test('two authorizations of one client do not add up: each code has its own scope', async () => {
  const person = new Person(server.issuer);
  const read = await obtainCode(server.issuer, client, { scope: 'read' }, person);
  const write = await obtainCode(server.issuer, client, { scope: 'write' }, person);
  expect((await redeem(server.issuer, client, read)).body.scope).toBe('read');
  expect((await redeem(server.issuer, client, write)).body.scope).toBe('write');
});

test('a person who is no admin passes an admin’s rights to no client, whatever the client may have', async () => {
  const panel = await registerClient(server.issuer, { scope: 'openid read' });
  const sql = "update clients set scope = 'openid read admin admin:clients' where client_id = $1";
  await query(server, sql, [panel.client_id]);
  await addPerson(server, 'mallory');
  const mallory = { ...ADMIN, username: 'mallory' };
  const person = new Person(server.issuer);
  await person.logIn(await person.open('/auth/login'), mallory);

  const { url, verifier } = authorizationUrl(server.issuer, panel, {
    scope: 'openid read admin admin:clients',
  });
  const consent = await person.open(url);
  expect(/<ul class="grants">[\s\S]*?<\/ul>/.exec(consent.text)?.[0]).not.toContain('admin');
  const { action, fields } = formOf(consent);
  const sent = await postForm(person, action, { ...fields, decision: 'allow' });
  const code = new URL(sent.location!).searchParams.get('code')!;
  const tokens = await redeem(server.issuer, panel, { code, verifier });
  expect(tokens.body.scope).toBe('openid read');
  for (const scope of ['admin', 'admin:clients', 'openid read admin']) {
    const more = { grant_type: 'refresh_token', refresh_token: tokens.body.refresh_token, scope };
    expect((await post(`${server.issuer}/oauth/token`, panel, more)).body.error).toBe('invalid_scope');
  }
  const only = await person.request(authorizationUrl(server.issuer, panel, { scope: 'admin' }).url);
  expect(only.location).toContain('error=invalid_scope');

  const admin = await obtainTokens(server.issuer, panel, { scope: 'openid admin' });
  expect(admin.scope).toBe('openid admin');
});
