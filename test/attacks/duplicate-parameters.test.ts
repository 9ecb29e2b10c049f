import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  obtainCode,
  obtainTokens,
  redeem,
  registerClient,
  REDIRECT_URI,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { stopUnharmed } from './unharmed.ts';
import { signIn } from './sign-in.ts';

let server: TestServer;
let client: TestClient;
let tokens: any;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  tokens = await obtainTokens(server.issuer, client);
});
afterAll(() => stopUnharmed(server));

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const TWICE = { error: 'invalid_request', error_description: 'A parameter is given more than once' };

/** The fields with each of them, in turn, given twice: alike, differing, before and after, and under an encoded name. */
function* duplicated(fields: Record<string, string>): Generator<string> {
  const right = new URLSearchParams(fields).toString();
  for (const [name, value] of Object.entries(fields)) {
    const again = new URLSearchParams({ [name]: value }).toString();
    yield `${right}&${again}`;
    yield `${right}&${name}=other`;
    yield `${name}=other&${right}`;
    yield `${right}&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=other`;
  }
  yield `${right}&unheard_of=1&unheard_of=2`;
}

async function post(path: string, body: string) {
  const response = await fetch(server.issuer + path, { method: 'POST', headers: FORM, body });
  return { status: response.status, body: (await response.json()) as any };
}

test('the token endpoint and its neighbours refuse any repeated parameter and do nothing', async () => {
  const credentials = { client_id: client.client_id, client_secret: client.client_secret! };
  const code = await obtainCode(server.issuer, client);
  const requests: [string, Record<string, string>][] = [
    [
      '/oauth/token',
      {
        ...credentials,
        grant_type: 'authorization_code',
        code: code.code,
        code_verifier: code.verifier,
        redirect_uri: REDIRECT_URI,
      },
    ],
    [
      '/oauth/token',
      { ...credentials, grant_type: 'refresh_token', refresh_token: tokens.refresh_token, scope: 'read' },
    ],
    ['/oauth/token', { ...credentials, grant_type: 'client_credentials', scope: 'read' }],
    ['/oauth/introspect', { ...credentials, token: tokens.access_token, token_type_hint: 'access_token' }],
    ['/oauth/revoke', { ...credentials, token: tokens.access_token, token_type_hint: 'access_token' }],
    ['/oauth/userinfo', { access_token: tokens.access_token }],
  ];
  for (const [path, fields] of requests) {
    for (const body of duplicated(fields)) {
      expect({ path, body, answer: await post(path, body) }).toEqual({
        path,
        body,
        answer: { status: 400, body: TWICE },
      });
    }
  }
  expect((await redeem(server.issuer, client, code)).status).toBe(200);
  expect(
    (await post('/oauth/introspect', form({ ...credentials, token: tokens.access_token }))).body.active,
  ).toBe(true);
  expect(
    (await post('/oauth/introspect', form({ ...credentials, token: tokens.refresh_token }))).body.active,
  ).toBe(true);
});

test('an authorization request with a repeated parameter ends on our page, never at a redirect URI', async () => {
  const { url } = authorizationUrl(server.issuer, client, { nonce: 'n', prompt: 'none' });
  const fields = Object.fromEntries(new URL(url).searchParams);
  for (const query of duplicated(fields)) {
    const got = await new Person(server.issuer).request(`/oauth/authorize?${query}`);
    expect([query, got.status, got.location]).toEqual([query, 400, null]);
    const posted = await new Person(server.issuer).request('/oauth/authorize', {
      method: 'POST',
      headers: FORM,
      body: query,
    });
    expect([query, posted.status, posted.location]).toEqual([query, 400, null]);
  }
});

test('the one parameter that may be repeated is resource', async () => {
  const resources = 'resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example';
  const { url } = authorizationUrl(server.issuer, client);
  expect((await new Person(server.issuer).request(`${url}&${resources}`)).location).toMatch(
    /^\/auth\/login\?/,
  );
  const { client_id, client_secret } = client;
  const fields = form({ client_id, client_secret: client_secret!, grant_type: 'client_credentials' });
  expect((await post('/oauth/token', `${fields}&${resources}`)).status).toBe(200);
});

test('our own forms refuse a repeated field: no second decision, name or token', async () => {
  const person = new Person(server.issuer);
  const { url } = authorizationUrl(server.issuer, client, { prompt: 'consent' });
  const login = await person.open(url);
  await expectRefused(person, login, { ...formOf(login).fields, ...ADMIN });
  const consent = await person.logIn(login);
  await expectRefused(person, consent, { ...formOf(consent).fields, decision: 'deny' });
  const account = await person.open('/account');
  await expectRefused(person, account, formOf(account).fields);
  expect((await person.open('/account')).text).toContain(ADMIN.username);
});

async function expectRefused(
  person: Person,
  step: Parameters<typeof formOf>[0],
  fields: Record<string, string>,
): Promise<void> {
  for (const body of duplicated(fields)) {
    const { action } = formOf(step);
    const { status, location } = await person.request(action, { method: 'POST', headers: FORM, body });
    expect([action, body, status, location]).toEqual([action, body, 400, null]);
  }
}

test('the query of a POST is no second place for its parameters', async () => {
  const { client_id, client_secret } = client;
  const credentials = form({ client_id, client_secret: client_secret! });
  const grant = 'grant_type=client_credentials';
  expect((await post(`/oauth/token?${grant}`, credentials)).body.error).toBe('invalid_request');
  expect((await post(`/oauth/token?client_id=${client_id}`, grant)).body.error).toBe('invalid_client');
  expect((await post(`/oauth/introspect?token=${tokens.access_token}`, credentials)).body.error).toBe(
    'invalid_request',
  );
  expect((await post(`/oauth/token?scope=read`, `${credentials}&${grant}&scope=write`)).body.scope).toBe(
    'write',
  );

  const person = new Person(server.issuer);
  const consent = await person.logIn(
    await person.open(authorizationUrl(server.issuer, client, { prompt: 'consent' }).url),
  );
  const { action, fields } = formOf(consent);
  const { csrf_token, ...others } = fields;
  for (const [path, body] of [
    [`${action}?decision=allow`, form(fields)],
    [`${action}?csrf_token=${csrf_token}`, form({ ...others, decision: 'allow' })],
  ] as const) {
    const { status, location } = await person.request(path, { method: 'POST', headers: FORM, body });
    expect([status >= 400, location]).toEqual([true, null]);
  }
});

test('of a key that a registration repeats, what is granted is what is answered', async () => {
  const body = `{"redirect_uris":["https://app.example/cb"],"scope":"read","scope":"admin write"}`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.issuer}/clients/register`, { method: 'POST', headers, body });
  const made = (await response.json()) as TestClient;
  expect(made.scope).toBe('write');
  const { url } = authorizationUrl(server.issuer, made, { scope: 'read' });
  expect((await (await signIn(server.issuer)).request(url)).location).toContain('error=invalid_scope');
});

function form(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString();
}
