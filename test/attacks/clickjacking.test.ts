import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  obtainCode,
  post,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;
let person: Person;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
  person = await signIn(server.issuer);
});
afterAll(() => stopUnharmed(server));

test('no page can be framed, sniffed, kept by a cache or named to another site', async () => {
  const stranger = new Person(server.issuer);
  const { url } = authorizationUrl(server.issuer, client);
  const html = { headers: { accept: 'text/html' } };
  const pages = {
    login: await stranger.open(url),
    'failed login': await stranger.logIn(await stranger.open('/auth/login'), {
      username: 'x',
      password: 'x',
    }),
    consent: await person.open(url),
    account: await person.open('/account'),
    'sign out everywhere': await person.open('/account/sessions/end-all'),
    logout: await person.open('/auth/logout'),
    'logged out': await stranger.request('/auth/logout'),
    'bad request': await person.open('/oauth/authorize'),
    'expired form': await postForm(person, '/oauth/authorize/decision', {}),
    'no such page': await person.request('/nowhere', html),
  };
  for (const [name, { headers }] of Object.entries(pages)) {
    expect([name, headers.get('content-type')]).toEqual([name, 'text/html; charset=utf-8']);
    expect([name, headers.get('content-security-policy')]).toEqual([
      name,
      expect.stringContaining("frame-ancestors 'none'"),
    ]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
    });
    for (const telling of ['x-powered-by', 'server', 'etag']) expect(headers.has(telling)).toBe(false);
  }
});

test('no redirect that carries a code, an error or a request is kept or named to the next site', async () => {
  const consent = await person.open(authorizationUrl(server.issuer, client, { prompt: 'consent' }).url);
  const { action, fields } = formOf(consent);
  const steps = [
    await postForm(person, action, { ...fields, decision: 'deny' }),
    await postForm(person, action, { ...fields, decision: 'allow' }),
    await person.request(authorizationUrl(server.issuer, client).url),
    await new Person(server.issuer).request(authorizationUrl(server.issuer, client).url),
    await new Person(server.issuer).request(
      authorizationUrl(server.issuer, client, { response_type: 'x' }).url,
    ),
    await postForm(person, '/oauth/authorize', { client_id: client.client_id }),
    await new Person(server.issuer).request('/account'),
  ];
  for (const { status, headers } of steps) {
    // After a form, 303 alone keeps the form's body from the next site (RFC 9700 §4.12).
    expect(status).toBe(303);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('no answer with a token, a secret or a word about either is kept by a cache', async () => {
  const { issuer } = server;
  const tokens = await redeem(issuer, client, await obtainCode(issuer, client, {}, person));
  const userinfo = { headers: { authorization: `Bearer ${tokens.body.access_token}` } };
  const register = (body: string) =>
    fetch(`${issuer}/clients/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const answers: { status: number; headers: Headers }[] = [
    tokens,
    await refresh(issuer, client, tokens.body.refresh_token),
    await refresh(issuer, client, 'x'),
    await post(`${issuer}/oauth/token`, null, {}),
    await post(`${issuer}/oauth/introspect`, client, { token: tokens.body.access_token }),
    await post(`${issuer}/oauth/introspect`, client, { token: 'x' }),
    await post(`${issuer}/oauth/introspect`, null, { token: 'x' }),
    await post(`${issuer}/oauth/revoke`, client, { token: 'x' }),
    await fetch(`${issuer}/oauth/userinfo`, userinfo),
    await fetch(`${issuer}/oauth/userinfo`),
    await fetch(`${issuer}/oauth/token`),
    await register('{"redirect_uris":["https://app.example/cb"]}'),
    await register('{}'),
    await fetch(`${issuer}/nowhere`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    200, 200, 400, 401, 200, 200, 401, 200, 200, 401, 405, 201, 400, 404,
  ]);
  for (const { headers } of answers) {
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-type')).toBe('application/json');
    for (const name of ['x-powered-by', 'server', 'etag']) expect(headers.has(name)).toBe(false);
  }
});
