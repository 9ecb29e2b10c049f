import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, obtainCode, registerClient, redeem, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stopUnharmed } from './unharmed.ts';
import { signIn } from './sign-in.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stopUnharmed(server));

const WEB = 'https://app.example/callback';
const WEB_QUERY = 'https://app.example/callback?tenant=1';
const LOOPBACK = 'http://127.0.0.1/cb';
const LOCALHOST = 'http://localhost:3000/cb';
const APP = 'com.example.app:/cb';

function register(...uris: string[]): Promise<TestClient> {
  return registerClient(server.issuer, { redirect_uris: uris });
}

/** Sends a request that is right but for its redirect_uri, from a browser that is not signed in. */
async function open(client: TestClient, redirectUri: string) {
  const { url } = authorizationUrl(server.issuer, client, { redirect_uri: redirectUri, scope: client.scope });
  return new Person(server.issuer).request(url);
}

/** Both a good request and one whose error would be redirected must stay on our own page. */
async function expectRefused(client: TestClient, redirectUris: readonly string[]): Promise<void> {
  for (const redirectUri of redirectUris) {
    for (const flaw of [{}, { response_type: 'token' }, { prompt: 'none' }]) {
      const { url } = authorizationUrl(server.issuer, client, { redirect_uri: redirectUri, ...flaw });
      const { status, location, headers, text } = await new Person(server.issuer).request(url);
      expect({ redirectUri, status, location }).toEqual({ redirectUri, status: 400, location: null });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(text).not.toContain('evil');
    }
  }
}

async function expectAccepted(client: TestClient, redirectUris: readonly string[]): Promise<void> {
  for (const redirectUri of redirectUris) {
    const { status, location } = await open(client, redirectUri);
    expect({ redirectUri, status, path: location?.split('?')[0] }).toEqual({
      redirectUri,
      status: 303,
      path: '/auth/login',
    });
  }
}

test('a web redirect URI is compared to the letter', async () => {
  const client = await register(WEB);
  await expectAccepted(client, [WEB]);
  await expectRefused(client, [
    // prefix, suffix and siblings
    'https://app.example/',
    'https://app.example',
    'https://app.example/call',
    `${WEB}/`,
    `${WEB}.evil`,
    `${WEB}/evil`,
    `${WEB}//`,
    `${WEB};evil`,
    'https://app.example.evil.example/callback',
    'https://evilapp.example/callback',
    'https://sub.app.example/callback',
    'https://app.example./callback',
    'https://evil.example/callback',
    'https://evil.example/https://app.example/callback',
    // user information
    'https://app.example@evil.example/callback',
    'https://evil@app.example/callback',
    'https://app.example:x@evil.example/callback',
    'https://:@app.example/callback',
    'https://app.example%40evil.example/callback',
    'https://app.example%2f@evil.example/callback',
    // port
    'https://app.example:443/callback',
    'https://app.example:8443/callback',
    'https://app.example:/callback',
    // scheme
    'http://app.example/callback',
    'HTTPS://app.example/callback',
    '//app.example/callback',
    'app.example/callback',
    '/callback',
    'https:app.example/callback',
    'https:/app.example/callback',
    'https:///app.example/callback',
    // case
    'https://APP.example/callback',
    'https://app.example/Callback',
    // percent-encoding
    'https://app.example/c%61llback',
    'https://app.example/%63allback',
    'https://app%2eexample/callback',
    'https://app.example%2Fcallback',
    'https%3A%2F%2Fapp.example%2Fcallback',
    // dot segments
    'https://app.example/x/../callback',
    'https://app.example/./callback',
    'https://app.example/callback/.',
    'https://app.example/callback/../evil',
    'https://app.example/%2e%2e/callback',
    'https://app.example/callback/%2e%2e/evil',
    // fragment, query, parameters
    `${WEB}#`,
    `${WEB}#evil`,
    `${WEB}?`,
    `${WEB}?evil=1`,
    `${WEB}&evil=1`,
    `${WEB}%23`,
    `${WEB}%3Fevil`,
    // backslash
    'https:\\\\app.example\\callback',
    'https://app.example\\callback',
    'https://evil.example\\@app.example/callback',
    'https://app.example\\.evil.example/callback',
    // characters beyond ASCII
    'https://аpp.example/callback',
    'https://app。example/callback',
    'https://xn--pp-6kc.example/callback',
    'https://app.example/callbacк',
    'https://app.example/\u200bcallback',
    'https://ａpp.example/callback',
    // space and control characters
    ` ${WEB}`,
    `${WEB} `,
    `${WEB}\t`,
    `${WEB}\n`,
    `${WEB}\r\nSet-Cookie: evil=1`,
    `${WEB}%0d%0aSet-Cookie:%20evil=1`,
    `https://app.exa\tmple/callback`,
    `${WEB}\0`,
    `\u0001${WEB}`,
    // other schemes and wildcards
    'javascript:alert(1)',
    'data:text/html,evil',
    'urn:ietf:wg:oauth:2.0:oob',
    'https://*.example/callback',
    'https://app.example/*',
    // lists
    `${WEB},https://evil.example/`,
    `${WEB} https://evil.example/`,
    `["${WEB}"]`,
    'null',
    'undefined',
  ]);
});

test('a registered query is part of the redirect URI', async () => {
  const client = await register(WEB_QUERY);
  await expectAccepted(client, [WEB_QUERY]);
  await expectRefused(client, [
    WEB,
    `${WEB}?tenant=2`,
    `${WEB_QUERY}&evil=1`,
    `${WEB}?evil=1&tenant=1`,
    `${WEB_QUERY}&tenant=2`,
    `${WEB}?Tenant=1`,
  ]);
  const { location } = await (
    await signIn(server.issuer)
  ).request(authorizationUrl(server.issuer, client, { response_type: 'token' }).url);
  const query = new URL(location!).searchParams;
  expect([query.getAll('tenant'), query.get('error')]).toEqual([['1'], 'unsupported_response_type']);
});

test('on a loopback address the port is free, and nothing else', async () => {
  const client = await register(LOOPBACK);
  await expectAccepted(client, [
    LOOPBACK,
    'http://127.0.0.1:1/cb',
    'http://127.0.0.1:49152/cb',
    'http://127.0.0.1:65535/cb',
  ]);
  await expectRefused(client, [
    'http://localhost/cb',
    'http://localhost:49152/cb',
    'http://[::1]:49152/cb',
    'http://127.0.0.2:49152/cb',
    'http://127.1:49152/cb',
    'http://2130706433:49152/cb',
    'http://0x7f000001/cb',
    'http://017700000001/cb',
    'http://127.000.000.001/cb',
    'http://0.0.0.0:49152/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.1:49152.evil.example/cb',
    'http://127.0.0.1:49152@evil.example/cb',
    'http://127.0.0.1@evil.example/cb',
    'http://evil@127.0.0.1/cb',
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:99999/cb',
    'http://127.0.0.1:/cb',
    'http://127.0.0.1:-1/cb',
    'http://127.0.0.1:1e3/cb',
    'http://127.0.0.1: 80/cb',
    'https://127.0.0.1:49152/cb',
    'HTTP://127.0.0.1:49152/cb',
    'http://127.0.0.1:49152/cb/',
    'http://127.0.0.1:49152/CB',
    'http://127.0.0.1:49152/cb?evil=1',
    'http://127.0.0.1:49152/cb#evil',
    'http://127.0.0.1:49152/x/../cb',
    'http://127.0.0.1:49152/%63b',
    'http://127.0.0.1:49152\\cb',
    'http://127.0.0.1:49152',
  ]);
});

test('localhost and 127.0.0.1 do not stand for each other', async () => {
  const client = await register(LOCALHOST);
  await expectAccepted(client, [LOCALHOST, 'http://localhost:4000/cb', 'http://localhost/cb']);
  await expectRefused(client, [
    'http://127.0.0.1:3000/cb',
    'http://[::1]:3000/cb',
    'http://LOCALHOST:3000/cb',
    'http://localhost.:3000/cb',
    'http://localhost.evil.example:3000/cb',
    'http://app.localhost:3000/cb',
    'https://localhost:3000/cb',
  ]);
});

test('an app’s private scheme is compared to the letter as well', async () => {
  const client = await register(APP);
  await expectAccepted(client, [APP]);
  await expectRefused(client, [
    'com.example.app:/cb/',
    'com.example.app://cb',
    'com.example.app:/cb?evil=1',
    'com.example.app.evil:/cb',
    'COM.example.app:/cb',
    'com.example:/cb',
  ]);
});

test('with two URIs registered, one must be named; an unknown one is not replaced by a registered one', async () => {
  const client = await register(WEB, WEB_QUERY);
  await expectRefused(client, ['', 'https://evil.example/']);
  await expectAccepted(await register(WEB), ['']);
});

test('a redirect URI of one client is none of another', async () => {
  const other = await register('https://evil.example/callback');
  const client = await register(WEB);
  const person = new Person(server.issuer);
  for (const [who, where] of [
    [client, 'https://evil.example/callback'],
    [other, WEB],
  ] as const) {
    const step = await person.request(authorizationUrl(server.issuer, who, { redirect_uri: where }).url);
    expect([step.status, step.location]).toEqual([400, null]);
  }
});

test('an unknown client gets a page and no redirect, whatever its redirect URI', async () => {
  const client = await register(WEB);
  for (const client_id of [
    '',
    'x',
    'A'.repeat(22),
    `${client.client_id} `,
    client.client_id.toLowerCase(),
    "' or 1=1",
  ]) {
    if (client_id === client.client_id) continue;
    const { url } = authorizationUrl(server.issuer, client, { client_id });
    const { status, location } = await new Person(server.issuer).request(url);
    expect([client_id, status, location]).toEqual([client_id, 400, null]);
  }
});

test('the consent form cannot be sent on to another address than the one that was checked', async () => {
  const client = await register(WEB);
  const person = new Person(server.issuer);
  const consent = await person.logIn(await person.open(authorizationUrl(server.issuer, client).url));
  expect(consent.text).toContain('name="decision"');
  for (const redirect_uri of ['https://evil.example/', `${WEB}/`, `${WEB}#x`]) {
    for (const decision of ['allow', 'deny']) {
      const { status, location } = await person.submit(consent, { decision, redirect_uri });
      expect([status, location]).toEqual([400, null]);
    }
  }
});

test('at the token endpoint the redirect URI must be the one of the request, to the letter', async () => {
  const { issuer } = server;
  const client = await register(LOOPBACK, WEB);
  const person = new Person(issuer);
  const asked = 'http://127.0.0.1:5000/cb';
  for (const redirect_uri of [
    'http://127.0.0.1:5001/cb',
    LOOPBACK,
    WEB,
    `${asked}/`,
    'https://evil.example/',
  ]) {
    const code = await obtainCode(issuer, client, { redirect_uri: asked }, person);
    expect((await redeem(issuer, client, code, { redirect_uri })).body.error).toBe('invalid_grant');
  }
  const code = await obtainCode(issuer, client, { redirect_uri: asked }, person);
  expect((await redeem(issuer, client, code, { redirect_uri: asked })).status).toBe(200);
});
