import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, post, registerClient, REDIRECT_URI, type TestClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { query } from './database.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

const TOKEN = 'an-initial-access-token-for-tests-only';

let server: TestServer;
/** One that registers only who brings the initial access token, on the same database. */
let guarded: TestServer;

beforeAll(async () => {
  server = await startServer();
  const { OAUTH2_DATABASE_URL = '', OAUTH2_SECRET = '' } = server.env;
  guarded = await startServer({
    env: {
      OAUTH2_DATABASE_URL,
      OAUTH2_SECRET,
      OAUTH2_CLIENT_REGISTRATION: 'protected',
      OAUTH2_REGISTRATION_TOKEN: TOKEN,
    },
  });
});
afterAll(async () => {
  await stopUnharmed(guarded);
  await stopUnharmed(server);
});

async function send(
  body: string,
  headers: Record<string, string> = {},
  at = server,
  path = '/clients/register',
) {
  const response = await fetch(at.issuer + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

function register(metadata: Record<string, unknown>) {
  return send(JSON.stringify({ redirect_uris: [REDIRECT_URI], ...metadata }));
}

test('a scope of the admin is granted to nobody over the network, however it is asked for', async () => {
  const person = await signIn(server.issuer);
  const grant_types = ['authorization_code', 'client_credentials', 'refresh_token'];
  for (const scope of ['admin', 'admin:clients', 'admin admin', 'admin:*', ' admin ']) {
    const { status, body } = await register({ scope, grant_types });
    expect([status, body.error]).toEqual([400, 'invalid_client_metadata']);
  }
  for (const scope of ['admin read', 'read admin', 'admin: read', ' admin  read ']) {
    const { status, body } = await register({ scope, grant_types });
    expect(status).toBe(201);
    expect(body.scope.split(' ')).not.toContainEqual(expect.stringMatching(/^admin/));
    for (const asked of ['admin', 'admin:clients', 'read admin']) {
      const answer = await post(`${server.issuer}/oauth/token`, body, {
        grant_type: 'client_credentials',
        scope: asked,
      });
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    }
    const { url } = authorizationUrl(server.issuer, body, { scope: 'admin' });
    expect((await person.request(url)).location).toContain('error=invalid_scope');
  }
  for (const scope of ['admin\tread', 'read\nadmin', 'admin\u00a0read', 'read,admin"', 'admin\0']) {
    expect((await register({ scope })).body.error).toBe('invalid_client_metadata');
  }
  for (const scope of [['admin'], { admin: true }, 1, true, null]) {
    expect((await register({ scope })).body.error).toBe('invalid_client_metadata');
  }
  const { body } = await register({ grant_types });
  expect(body.scope).not.toContain('admin');
});

test('what only an admin decides cannot be registered', async () => {
  const claims = {
    first_party: true,
    firstParty: true,
    trusted: true,
    skip_consent: true,
    pkce_required: false,
    pkceRequired: false,
    require_pkce: false,
    policy: { firstParty: true, pkceRequired: false },
    client_id: 'chosen',
    client_secret: 'chosen',
    client_secret_expires_at: 1,
    disabled_at: null,
    roles: ['admin'],
    created_at: '1970-01-01',
    name_verified: true,
  };
  const { body } = await register(claims);
  expect(body.client_id).toMatch(/^[\w-]{22}$/);
  expect(body.client_secret).toMatch(/^[\w-]{43}$/);
  const answered = ['client_id', 'client_secret', 'client_secret_expires_at'];
  for (const name of Object.keys(claims).filter((claim) => !answered.includes(claim))) {
    expect(body).not.toHaveProperty(name);
  }
  const sql = 'select first_party, pkce_required, disabled_at from clients where client_id = $1';
  expect(await query(server, sql, [body.client_id])).toEqual([
    { first_party: false, pkce_required: true, disabled_at: null },
  ]);
  const person = await signIn(server.issuer);
  const consent = await person.open(authorizationUrl(server.issuer, body).url);
  expect(consent.text).toContain('name="decision"');
  expect(consent.text).toContain('nobody has checked it');
  const withoutPkce = { code_challenge: '', code_challenge_method: '', nonce: 'n' };
  const { location } = await person.request(authorizationUrl(server.issuer, body, withoutPkce).url);
  expect(location).toContain('error=invalid_request');
});

test('grant and response types that this server does not have are not granted', async () => {
  const { body } = await register({
    grant_types: [
      'authorization_code',
      'implicit',
      'password',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      '__proto__',
    ],
    response_types: ['code', 'token', 'id_token token'],
  });
  expect(body).toMatchObject({ grant_types: ['authorization_code'], response_types: ['code'] });
  for (const grant_type of [
    'client_credentials',
    'refresh_token',
    'implicit',
    'password',
    '__proto__',
    'constructor',
  ]) {
    const answer = await post(`${server.issuer}/oauth/token`, body, {
      grant_type,
      refresh_token: 'x',
      username: 'admin',
    });
    expect([grant_type, answer.status]).toEqual([grant_type, 400]);
    expect(answer.body.error).toMatch(/^(unauthorized_client|unsupported_grant_type)$/);
  }
});

test('a redirect URI that could run code, read files, leave for plain http or match others is refused', async () => {
  const bad = [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://app.example/x',
    'about:blank',
    'ftp://app.example/',
    'ws://app.example/',
    'http://app.example/cb',
    'http://192.168.0.1/cb',
    'http://127.0.0.2/cb',
    'http://0.0.0.0/cb',
    'http://localhost.evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost@evil.example/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://2130706433/cb',
    'https://*.app.example/cb',
    'https://app.example/*',
    'https://user@app.example/cb',
    'https://user:password@app.example/cb',
    'https://app.example/cb#fragment',
    'https://app.example/cb#',
    'https://app.example/../cb',
    'https://app.example/a/%2e%2e/cb',
    'https://app.example\\@evil.example/',
    'https://app.example/c b',
    ' https://app.example/cb',
    'https://app.example/cb\n',
    'https://app.example/cb\0',
    'https://аpp.example/cb',
    'https://',
    'app.example/cb',
    '//app.example/cb',
    '/cb',
    '',
    '*',
    'null',
    'myapp:/cb',
    'urn:ietf:wg:oauth:2.0:oob',
    `https://app.example/${'a'.repeat(2048)}`,
  ];
  for (const uri of bad) {
    for (const redirect_uris of [[uri], [REDIRECT_URI, uri]]) {
      const { status, body } = await register({ redirect_uris });
      expect({ uri, status, error: body.error }).toEqual({ uri, status: 400, error: 'invalid_redirect_uri' });
      expect(JSON.stringify(body)).not.toContain('<script>');
    }
  }
  for (const redirect_uris of [
    REDIRECT_URI,
    { 0: REDIRECT_URI },
    [1],
    [null],
    [[REDIRECT_URI]],
    [{}],
    null,
    true,
  ]) {
    expect((await register({ redirect_uris })).body.error).toBe('invalid_client_metadata');
  }
  const many = Array.from({ length: 51 }, (_, index) => `https://app.example/${index}`);
  expect((await register({ redirect_uris: many })).body.error).toBe('invalid_client_metadata');
  expect((await register({ redirect_uris: [] })).body.error).toBe('invalid_redirect_uri');
});

test('keys that would write into a prototype change nothing, for this client or the next', async () => {
  const poison = '"scope":"admin","first_party":true,"firstParty":true,"admin":true,"isAdmin":true';
  const bodies = [
    `{"__proto__":{${poison}},"redirect_uris":["${REDIRECT_URI}"]}`,
    `{"constructor":{"prototype":{${poison}}},"redirect_uris":["${REDIRECT_URI}"]}`,
    `{"prototype":{${poison}},"toString":1,"hasOwnProperty":1,"valueOf":1,"toJSON":1,"then":1,"redirect_uris":["${REDIRECT_URI}"]}`,
    `{"redirect_uris":["${REDIRECT_URI}"],"__proto__":null}`,
  ];
  for (const body of bodies) {
    expect((await send(body)).status).toBe(201);
    const next = await register({});
    expect(next.status).toBe(201);
    expect(next.body).not.toHaveProperty('admin');
    expect(next.body.scope).not.toContain('admin');
  }
  const rows = await query(server, 'select distinct first_party from clients');
  expect(rows).toEqual([{ first_party: false }]);
});

test('a body that is no object, too deep, too large or of another type is refused', async () => {
  for (const body of [
    '',
    'null',
    '1',
    '"x"',
    '[]',
    'true',
    '{',
    '{"a":}',
    '{"redirect_uris":[}',
    "{'a':1}",
    '\ufeff{}',
    'NaN',
    '{}{}',
  ]) {
    const answer = await send(body);
    expect([body, answer.status]).toEqual([body, 400]);
  }
  const depth = 15_000;
  for (const deep of [
    '['.repeat(depth) + ']'.repeat(depth),
    `{"redirect_uris":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    `{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)},"redirect_uris":"x"}`,
  ]) {
    expect((await send(deep)).status).toBe(400);
  }
  expect((await register({ jwks: 'x'.repeat(70_000) })).body).toEqual({
    error: 'invalid_request',
    error_description: 'The body is too large',
  });
  const good = JSON.stringify({ redirect_uris: [REDIRECT_URI] });
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'text/json',
    'multipart/form-data',
    '',
  ]) {
    expect([type, (await send(good, { 'content-type': type })).status]).toEqual([type, 400]);
  }
  expect((await register({ client_name: 'x'.repeat(201) })).status).toBe(400);
  expect((await register({ scope: 'x'.repeat(129) })).status).toBe(400);
  expect(
    (await register({ scope: Array.from({ length: 65 }, (_, index) => `s${index}`).join(' ') })).status,
  ).toBe(400);
});

test('a refusal repeats nothing of what was sent', async () => {
  const mark = 'repeated-by-mistake';
  for (const metadata of [
    { redirect_uris: [`javascript:${mark}`] },
    { token_endpoint_auth_method: mark },
    { scope: `${mark}"` },
    { grant_types: [mark], redirect_uris: [] },
    { client_name: { [mark]: mark } },
    { id_token_signed_response_alg: mark },
    { client_uri: `javascript:${mark}` },
  ]) {
    const answer = await register(metadata);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain(mark);
  }
});

test('an ID token without a signature, or with a shared key, cannot be registered', async () => {
  for (const alg of ['none', 'HS256', 'None', 'ES384', '', 'toString']) {
    const answer = await register({ id_token_signed_response_alg: alg });
    expect([alg, answer.body.error]).toEqual([alg, 'invalid_client_metadata']);
  }
});

test('a client without a secret cannot be one that acts for itself', async () => {
  const answer = await register({ token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] });
  expect(answer.body.error).toBe('invalid_client_metadata');
});

test('protected registration takes the whole initial access token, in the header, and nothing else', async () => {
  const body = JSON.stringify({ redirect_uris: [REDIRECT_URI] });
  const wrong: (string | undefined)[] = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer x',
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer  ${TOKEN} x`,
    `Basic ${Buffer.from(TOKEN).toString('base64')}`,
    `Basic ${TOKEN}`,
    TOKEN,
  ];
  for (const authorization of wrong) {
    const answer = await send(body, authorization === undefined ? {} : { authorization }, guarded);
    expect([authorization, answer.status, answer.body.error]).toEqual([authorization, 401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  }
  for (const path of [`/clients/register?access_token=${TOKEN}`, `/clients/register?token=${TOKEN}`]) {
    expect((await send(body, {}, guarded, path)).status).toBe(401);
  }
  // The body is not even read for a stranger.
  expect((await send('{', {}, guarded)).status).toBe(401);
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'] });
  const own = await post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
  expect((await send(body, { authorization: `Bearer ${own.body.access_token}` }, guarded)).status).toBe(401);
  const right = await send(body, { authorization: `Bearer ${TOKEN}` }, guarded);
  expect(right.status).toBe(201);
  expect((right.body as TestClient).client_id).toBeTruthy();
  expect(guarded.output()).not.toContain(TOKEN);
});
