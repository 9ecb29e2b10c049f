import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { rawRequest, requestText } from './raw-request.ts';
import { stopUnharmed } from './unharmed.ts';
import { signIn } from './sign-in.ts';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
});
afterAll(() => stopUnharmed(server));

/** What is redirected to the client, as its own page would read it. */
function responseIn(location: string | null): URLSearchParams {
  if (!location?.startsWith(client.redirect_uris[0]!)) throw new Error(`not to the client: ${location}`);
  return new URL(location).searchParams;
}

function expectOurs(response: URLSearchParams, state: string | null = 'a-state'): void {
  expect(response.getAll('iss')).toEqual([server.issuer]);
  expect(response.getAll('state')).toEqual(state === null ? [] : [state]);
  for (const name of response.keys()) expect([name, response.getAll(name).length]).toEqual([name, 1]);
}

test('a response with a code names this server, and the metadata promises that it does', async () => {
  const answer = await new Person(server.issuer).authorize(authorizationUrl(server.issuer, client).url);
  expect(answer.has('code')).toBe(true);
  expectOurs(answer);
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    expect(await (await fetch(server.issuer + path)).json()).toMatchObject({
      issuer: server.issuer,
      authorization_response_iss_parameter_supported: true,
    });
  }
});

test('every error response names this server', async () => {
  const flaws: Record<string, Record<string, string>> = {
    unsupported_response_type: { response_type: 'token' },
    invalid_request: { code_challenge: '' },
    invalid_scope: { scope: 'nothing of this' },
    login_required: { prompt: 'none' },
    request_not_supported: { request: 'e30.e30.' },
    request_uri_not_supported: { request_uri: 'https://evil.example/request' },
  };
  const signedIn = await signIn(server.issuer);
  for (const [error, flaw] of Object.entries(flaws)) {
    const { url } = authorizationUrl(server.issuer, client, flaw);
    const person = error === 'login_required' ? new Person(server.issuer) : signedIn;
    const response = responseIn((await person.request(url)).location);
    expect(response.get('error')).toBe(error);
    expect(response.has('code')).toBe(false);
    expectOurs(response);
  }
});

test('refusing, and being asked silently, are answered with the issuer too', async () => {
  const other = await registerClient(server.issuer);
  const person = new Person(server.issuer);
  const consent = await person.logIn(await person.open(authorizationUrl(server.issuer, other).url));
  const refused = responseIn((await person.submit(consent, { decision: 'deny' })).location);
  expect(refused.get('error')).toBe('access_denied');
  expectOurs(refused);
  const silent = await person.request(authorizationUrl(server.issuer, other, { prompt: 'none' }).url);
  expect(responseIn(silent.location).get('error')).toBe('consent_required');
  expectOurs(responseIn(silent.location));
});

test('a request cannot bring the issuer, the code or the error of its own answer', async () => {
  const planted = { iss: 'https://evil.example', code: 'planted', error: 'planted', state: '' };
  const person = new Person(server.issuer);
  const granted = await person.authorize(authorizationUrl(server.issuer, client, planted).url);
  expect(granted.get('code')).not.toBe('planted');
  expect(granted.has('error')).toBe(false);
  expectOurs(granted, null);
  const { url } = authorizationUrl(server.issuer, client, { ...planted, response_type: 'id_token' });
  const refused = responseIn((await person.request(url)).location);
  expect(refused.get('error')).toBe('unsupported_response_type');
  expect(refused.has('code')).toBe(false);
  expectOurs(refused, null);
});

test('the issuer is the configured one, whatever host the request names', async () => {
  const path = authorizationUrl('', client, { prompt: 'none' }).url;
  const spoofed = [
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Proto: https',
    'Forwarded: host=evil.example',
  ];
  for (const target of [path, '/.well-known/openid-configuration', '/account', `${path}&prompt=`]) {
    const text = requestText('GET', target, spoofed).replace('Host: auth.example', 'Host: evil.example');
    const answer = await rawRequest(server.port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|303)/);
    expect(answer).not.toContain('evil.example');
    expect(answer).not.toContain('auth.example');
  }
});

test('tokens name this server and the client they are for', async () => {
  const person = new Person(server.issuer);
  const { url, verifier } = authorizationUrl(server.issuer, client, { nonce: 'mine' });
  const code = (await person.authorize(url, ADMIN)).get('code')!;
  const response = await fetch(`${server.issuer}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.client_id,
      client_secret: client.client_secret!,
      code,
      code_verifier: verifier,
    }),
  });
  const tokens: any = await response.json();
  const claims = (jwt: string) =>
    JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as object;
  expect(claims(tokens.id_token)).toMatchObject({ iss: server.issuer, aud: client.client_id, nonce: 'mine' });
  expect(claims(tokens.access_token)).toMatchObject({
    iss: server.issuer,
    aud: server.issuer,
    client_id: client.client_id,
  });
});
