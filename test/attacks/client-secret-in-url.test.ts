import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, obtainTokens, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;
let credentials: string;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  credentials = `client_id=${client.client_id}&client_secret=${client.client_secret}`;
});
afterAll(async () => {
  // What was in a URL must not have reached the log.
  const logged = server.output();
  await stopUnharmed(server);
  expect(logged).not.toContain(client.client_secret);
});

const IN_URL = {
  error: 'invalid_request',
  error_description: 'Client credentials must not be sent in the URL',
};

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(server.issuer + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as any };
}

test('a client secret in the URL authenticates nobody, and the answer says why', async () => {
  const grant = 'grant_type=client_credentials&token=x';
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    for (const query of [
      credentials,
      `client_secret=${client.client_secret}`,
      'CLIENT_SECRET=x',
      'client_assertion=x',
    ]) {
      expect(await post(`${path}?${query}`, grant)).toEqual({ status: 400, body: IN_URL });
    }
    // Also where the right one is in the body or the header: the leak is what is refused.
    expect(await post(`${path}?${credentials}`, `${grant}&${credentials}`)).toEqual({
      status: 400,
      body: IN_URL,
    });
    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
    const answer = await post(`${path}?x=1&${credentials}`, grant, { authorization: `Basic ${basic}` });
    expect(answer).toEqual({ status: 400, body: IN_URL });
  }
});

test('a secret under an encoded name in the URL is no credential either', async () => {
  const query = `client_id=${client.client_id}&client%5Fsecret=${client.client_secret}`;
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    const answer = await post(`${path}?${query}`, 'grant_type=client_credentials&token=x');
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  }
});

test('an authorization request with a client secret ends on our page, by GET or POST', async () => {
  const { url } = authorizationUrl(server.issuer, client, { client_secret: client.client_secret! });
  const person = new Person(server.issuer);
  const got = await person.request(url);
  expect([got.status, got.location]).toEqual([400, null]);
  expect(got.text).not.toContain(client.client_secret);
  const posted = await postForm(person, '/oauth/authorize', Object.fromEntries(new URL(url).searchParams));
  const followed = await person.request(posted.location ?? '/missing');
  expect([followed.status, followed.location]).toEqual([400, null]);
});

test('credentials in a GET are refused: the token endpoint answers POST alone', async () => {
  const url = `${server.issuer}/oauth/token?grant_type=client_credentials&${credentials}`;
  expect((await fetch(url)).status).toBe(405);
});

test('an access token in the URL opens nothing', async () => {
  const { access_token } = await obtainTokens(server.issuer, client);
  const url = `${server.issuer}/oauth/userinfo?access_token=${access_token}`;
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { method: 'POST' })).status).toBe(401);
  const right = await fetch(`${server.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  expect(right.status).toBe(200);
  expect(server.output()).not.toContain(access_token);
});
