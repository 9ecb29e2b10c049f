import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, post, redeem, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';

const WANDA = { username: 'wanda', password: 'a password for wanda' };
const REALM = 'Bearer realm="stagedoor"';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
  const args = ['users', 'add', 'wanda', '--name', 'Wanda Weiß', '--email', 'wanda@example.com'];
  const { code } = await runCli([...args, '--password-stdin'], server.env, WANDA.password);
  expect(code).toBe(0);
});
afterAll(() => server.stop());

async function tokensFor(credentials: typeof WANDA, scope: string): Promise<any> {
  const { url, verifier } = authorizationUrl(server.issuer, client, { scope });
  const answer = await new Person(server.issuer).authorize(url, credentials);
  return (await redeem(server.issuer, client, { code: answer.get('code')!, verifier })).body;
}

async function userinfo(headers: Record<string, string>, init: RequestInit = {}) {
  const response = await fetch(`${server.issuer}/oauth/userinfo`, { headers, ...init });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    cache: response.headers.get('cache-control'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

test('each scope opens the claims that it stands for, and no others', async () => {
  const profile = { preferred_username: 'wanda', name: 'Wanda Weiß' };
  const email = { email: 'wanda@example.com', email_verified: false };
  const cases: readonly (readonly [string, object])[] = [
    ['openid', {}],
    ['openid profile', profile],
    ['openid email read', email],
    ['openid profile email', { ...profile, ...email }],
  ];
  for (const [scope, claims] of cases) {
    const { access_token, id_token } = await tokensFor(WANDA, scope);
    const { sub } = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url').toString());
    const answer = await userinfo(bearer(access_token));
    expect(answer).toEqual({ status: 200, challenge: null, cache: 'no-store', body: { sub, ...claims } });
  }
});

test('what is not known of a person is left out', async () => {
  const { access_token } = await tokensFor(ADMIN, 'openid profile email');
  const { body } = await userinfo(bearer(access_token));
  expect(body).toEqual({ sub: expect.any(String), preferred_username: 'admin' });
});

test('the token may come in the header or in a form, and not in the URL', async () => {
  const { access_token } = await tokensFor(WANDA, 'openid');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams({ access_token }).toString();
  expect((await userinfo(form, { method: 'POST', body })).status).toBe(200);
  expect((await userinfo({ authorization: `bearer ${access_token}` }, { method: 'POST' })).status).toBe(200);
  const inUrl = await fetch(`${server.issuer}/oauth/userinfo?access_token=${access_token}`);
  expect([inUrl.status, inUrl.headers.get('www-authenticate')]).toEqual([401, REALM]);
});

test('a refusal says in its challenge what was wrong, and nothing where no token was sent', async () => {
  const { access_token, refresh_token } = await tokensFor(WANDA, 'openid');
  const { access_token: withoutOpenid } = await tokensFor(WANDA, 'read');
  const { access_token: revoked } = await tokensFor(WANDA, 'openid');
  await post(`${server.issuer}/oauth/revoke`, client, { token: revoked });
  const invalid = [401, 'invalid_token', `${REALM}, error="invalid_token"`];
  const cases: readonly (readonly [Record<string, string>, readonly unknown[]])[] = [
    [{}, [401, 'invalid_token', REALM]],
    [{ authorization: 'Basic d2FuZGE6cGFzc3dvcmQ=' }, [401, 'invalid_token', REALM]],
    [bearer('no-such-token'), invalid],
    [bearer(`${access_token.slice(0, -4)}AAAA`), invalid],
    [bearer(refresh_token), invalid],
    [bearer(revoked), invalid],
    [
      bearer(withoutOpenid),
      [403, 'insufficient_scope', `${REALM}, error="insufficient_scope", scope="openid"`],
    ],
  ];
  for (const [headers, expected] of cases) {
    const { status, body, challenge } = await userinfo(headers);
    expect([status, body.error, challenge]).toEqual(expected);
  }
});
