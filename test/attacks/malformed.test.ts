import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import {
  authorizationUrl,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  registerClient,
  REDIRECT_URI,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person, type Form } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { expectAnswered, expectRefused, FORM, POSTED, READ, send as sendTo, type Answer } from './answers.ts';
import { stopUnharmed } from './unharmed.ts';

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

function send(path: string, init?: RequestInit): Promise<Answer> {
  return sendTo(server.issuer, path, init);
}

function sendForm(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return send(path, { method: 'POST', headers: { 'content-type': FORM, ...headers }, body });
}

/** A posted authorization request is answered by the GET that it becomes. */
function follow(answer: Answer): Answer | Promise<Answer> {
  return answer.location?.startsWith('/oauth/authorize?') ? send(answer.location) : answer;
}

/** Each field once with a NUL in it, which PostgreSQL takes in no text. */
function* withNul(fields: Record<string, string>): Generator<[name: string, body: string]> {
  for (const name of Object.keys(fields)) {
    for (const tainted of ['\0', `\0${fields[name]}`, `${fields[name]}\0`]) {
      yield [name, new URLSearchParams({ ...fields, [name]: tainted }).toString()];
    }
  }
  yield ['a name', `${new URLSearchParams(fields).toString()}&%00=x`];
  yield ['a raw byte', `${new URLSearchParams(fields).toString()}&resource=\0`];
}

test('a NUL in any parameter of the token endpoint and its neighbours is refused', async () => {
  const credentials = { client_id: client.client_id, client_secret: client.client_secret! };
  const { code, verifier } = await obtainCode(server.issuer, client);
  const requests: [string, Record<string, string>][] = [
    [
      '/oauth/token',
      {
        ...credentials,
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
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
    for (const [name, body] of withNul(fields)) expectRefused(await sendForm(path, body), `${path} ${name}`);
  }
  // None of them did anything.
  expect((await redeem(server.issuer, client, { code, verifier })).status).toBe(200);
});

test('a NUL in any parameter of an authorization request is refused, signed in or not', async () => {
  const { url } = authorizationUrl(server.issuer, client, {
    nonce: 'n',
    login_hint: 'ada',
    prompt: 'login',
    max_age: '9',
  });
  const fields = Object.fromEntries(new URL(url).searchParams);
  const person = new Person(server.issuer);
  await person.authorize(authorizationUrl(server.issuer, client).url);
  for (const [name, query] of withNul(fields)) {
    const path = `/oauth/authorize?${query.replaceAll('\0', '%00')}`;
    expectRefused(await send(path), `GET ${name}`);
    expectRefused(await person.request(path), `GET ${name}, signed in`);
  }
});

test('a NUL in any field of our own forms is refused', async () => {
  const person = new Person(server.issuer);
  const signIn = async (form: Form, fill: Record<string, string>) => {
    for (const [name, body] of withNul({ ...form.fields, ...fill })) {
      const headers = { 'content-type': FORM };
      expectRefused(
        await person.request(form.action, { method: 'POST', headers, body }),
        `${form.action} ${name}`,
      );
    }
  };
  const { url } = authorizationUrl(server.issuer, client, { nonce: 'n', prompt: 'consent' });
  const login = await person.open(url);
  await signIn(formOf(login), ADMIN);
  const consent = await person.logIn(login);
  await signIn(formOf(consent), { decision: 'allow' });
  await signIn(formOf(await person.open('/auth/logout')), {});
  expect((await person.open('/account')).text).toContain(ADMIN.username);
});

test('a NUL in any text of a registration is refused, and an unknown field’s does not matter', async () => {
  const metadata: Record<string, unknown> = {
    client_name: 'Name',
    client_uri: 'https://app.example/',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    scope: 'openid read',
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  };
  const tolerated = ['grant_types', 'response_types']; // what we do not know is left out
  for (const [name, value] of Object.entries(metadata)) {
    const taint = (text: string) => [`\0${text}`, `${text}\0`, `${text[0]}\0${text.slice(1)}`];
    const tainted =
      typeof value === 'string' ? taint(value) : taint((value as string[])[0]!).map((text) => [text]);
    for (const bad of tainted) {
      const body = JSON.stringify({ ...metadata, [name]: bad });
      const answer = await send('/clients/register', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (tolerated.includes(name)) expectAnswered(answer, body);
      else expectRefused(answer, body);
      expect(answer.text).not.toContain('u0000');
    }
  }
  const harmless = await registerClient(server.issuer, { software_id: '\0', 'x\0': 1 });
  expect(JSON.stringify(harmless)).not.toContain('u0000');
});

test('half of a surrogate pair in a name harms nothing', async () => {
  for (const client_name of ['\ud800', 'x\udc00y', '\udfff\ud800', '\uffff', '\ufeff']) {
    const registered = await send('/clients/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name, redirect_uris: [REDIRECT_URI] }),
    });
    expectAnswered(registered, client_name);
    if (registered.status !== 201) continue;
    const made = JSON.parse(registered.text) as TestClient;
    expectAnswered(
      await send(new URL(authorizationUrl(server.issuer, made).url).href.slice(server.issuer.length)),
      client_name,
    );
  }
});

test('a NUL in a cookie, in Basic credentials or in a key id is garbage like any other', async () => {
  for (const cookie of [
    'stagedoor_session=%00',
    'stagedoor_browser=%00',
    `stagedoor_session=${'A'.repeat(42)}%00`,
  ]) {
    expectAnswered(await send('/account', { headers: { cookie } }), cookie);
    expectRefused(await sendForm('/auth/login', 'username=a&password=b&csrf_token=c', { cookie }), cookie);
  }
  for (const pair of [
    '\0:\0',
    `${client.client_id}\0:${client.client_secret}`,
    '%00:%00',
    `${client.client_id}:%00`,
  ]) {
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    expectRefused(await sendForm('/oauth/token', 'grant_type=client_credentials', { authorization }), pair);
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const kid of ['\0', '', '__proto__', "' or ''='", 'x'.repeat(8000)]) {
    const token = `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode({ jti: '\0' })}.AAAA`;
    expect((await post(`${server.issuer}/oauth/introspect`, client, { token })).body).toEqual({
      active: false,
    });
  }
});

test('a client’s own token at userinfo is refused, openid or not: there is no person behind it', async () => {
  for (const scope of ['openid profile', 'read']) {
    const grant = { grant_type: 'client_credentials', scope };
    const { access_token } = (await post(`${server.issuer}/oauth/token`, client, grant)).body;
    const answer = await send('/oauth/userinfo', { headers: { authorization: `Bearer ${access_token}` } });
    expectRefused(answer, scope);
  }
});

test('a body above 64 KiB is refused everywhere, announced or not', async () => {
  const body = `token=${'x'.repeat(64 * 1024)}`;
  for (const path of POSTED) {
    const type = path === '/clients/register' ? 'application/json' : FORM;
    const init = { method: 'POST', headers: { 'content-type': type } };
    expectRefused(await send(path, { ...init, body }), path);
    const stream = new Blob([body, body]).stream();
    expectRefused(
      await send(path, { ...init, body: stream, duplex: 'half' } as RequestInit),
      `${path}, chunked`,
    );
  }
});

test('a body of another type, of none, compressed or empty is refused everywhere', async () => {
  const fields = 'grant_type=client_credentials';
  const types = [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jwt',
    '',
    '%',
    FORM + '+x',
  ];
  for (const path of POSTED) {
    for (const type of types) {
      const sent = `${path} ${type}`;
      expectRefused(
        await send(path, { method: 'POST', headers: { 'content-type': type }, body: fields }),
        sent,
      );
    }
    const init = { method: 'POST', headers: { 'content-type': FORM, 'content-encoding': 'gzip' } };
    expectRefused(await send(path, { ...init, body: gzipSync(fields) }).then(follow), `${path} gzip`);
    expectRefused(await sendForm(path, '').then(follow), `${path} empty`);
  }
});

test('broken percent-encoding and broken UTF-8 are refused or read as text, and never a fault', async () => {
  const garbage = [
    '%',
    '%%',
    '%z',
    '%zz',
    '%c3%28',
    '%ff%fe',
    '%ed%a0%80',
    '%f8%80%80%80%80',
    '%u0041',
    '+%2',
    '&&&',
    '=',
    '=&=',
  ];
  for (const bad of garbage) {
    for (const path of READ) {
      expectAnswered(
        await send(`${path}?x=${bad}&${bad}=1&return_to=${bad}&client_id=${bad}`),
        `${path} ${bad}`,
      );
      expectAnswered(await send(`${path}/${bad.replaceAll('&', '')}`), `${path}/${bad}`);
    }
    for (const path of POSTED) {
      expectRefused(await sendForm(path, `x=${bad}&${bad}`).then(follow), `${path} ${bad}`);
      const credentials = Buffer.from(`${bad}:${bad}`).toString('base64');
      expectRefused(
        await sendForm(path, `token=${bad}`, { authorization: `Basic ${credentials}` }).then(follow),
        `${path} Basic ${bad}`,
      );
    }
  }
});

test('after all that, an honest client is still served', async () => {
  expect((await obtainTokens(server.issuer, client)).token_type).toBe('Bearer');
});
