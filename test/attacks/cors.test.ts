import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, obtainCode, redeem, registerClient, type TestClient } from '../support/client.ts';
import type { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
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

const ORIGINS = ['https://evil.example', 'null', 'http://127.0.0.1:3000', 'https://app.example'];

/** What a script may read: nothing there looks at a cookie. */
const SHARED = [
  ['POST', '/oauth/token'],
  ['POST', '/oauth/revoke'],
  ['GET', '/oauth/userinfo'],
  ['POST', '/oauth/userinfo'],
  ['GET', '/.well-known/jwks.json'],
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/oauth-authorization-server'],
] as const;

/** What none may read: pages, and what only a server of one's own has business with. */
const CLOSED = [
  ['GET', '/oauth/authorize'],
  ['POST', '/oauth/authorize'],
  ['POST', '/oauth/authorize/decision'],
  ['GET', '/auth/login'],
  ['POST', '/auth/login'],
  ['GET', '/auth/logout'],
  ['POST', '/auth/logout'],
  ['GET', '/account'],
  ['POST', '/oauth/introspect'],
  ['POST', '/clients/register'],
  ['GET', '/health'],
  ['GET', '/ready'],
  ['GET', '/admin/api/keys'],
  ['GET', '/swagger-ui'],
  ['GET', '/nowhere'],
] as const;

function allowances(headers: Headers): string[] {
  return [...headers].filter(([name]) => name.startsWith('access-control-allow')).map(([name]) => name);
}

function preflight(path: string, method: string, origin: string) {
  return person.request(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization, content-type',
    },
  });
}

test('scripts of other origins may read no page, no introspection and no registration, even for a person who is signed in', async () => {
  for (const origin of ORIGINS) {
    for (const [method, path] of CLOSED) {
      const target = path === '/oauth/authorize' ? authorizationUrl(server.issuer, client).url : path;
      const step = await person.request(target, { method, headers: { origin } });
      expect([origin, method, path, allowances(step.headers)]).toEqual([origin, method, path, []]);
      const asked = await preflight(path, method, origin);
      expect([origin, 'OPTIONS', path, allowances(asked.headers)]).toEqual([origin, 'OPTIONS', path, []]);
    }
  }
});

test('what is shared is shared with all alike, and never with credentials', async () => {
  for (const origin of ORIGINS) {
    for (const [method, path] of SHARED) {
      for (const { headers } of [
        await person.request(path, { method, headers: { origin } }),
        await preflight(path, method, origin),
      ]) {
        expect([path, headers.get('access-control-allow-origin')]).toEqual([path, '*']);
        expect(headers.has('access-control-allow-credentials')).toBe(false);
        expect([...headers].join()).not.toContain(origin === 'null' ? 'null' : origin);
        expect(headers.getSetCookie()).toEqual([]);
      }
    }
  }
});

test('a preflight allows the methods and headers of the protocol and no others', async () => {
  for (const [method, path] of SHARED) {
    const { status, headers, text } = await preflight(path, method, 'https://evil.example');
    expect([status, text]).toEqual([204, '']);
    expect(headers.get('access-control-allow-headers')).toBe('authorization, content-type');
    expect(headers.get('access-control-allow-methods')).toMatch(/^GET, POST$/);
  }
});

test('a session cookie is worth nothing where answers are shared', async () => {
  const userinfo = await person.request('/oauth/userinfo', { headers: { origin: 'https://evil.example' } });
  expect(userinfo.status).toBe(401);
  const token = await person.request('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `grant_type=authorization_code&code=x&client_id=${client.client_id}`,
  });
  expect(token.status).toBe(401);
});

test('a script gets a token where it has a code and a verifier, and only there', async () => {
  const app = await registerClient(server.issuer, { token_endpoint_auth_method: 'none' });
  const code = await obtainCode(server.issuer, app, {}, person);
  const answer = await redeem(server.issuer, app, code);
  expect(answer.status).toBe(200);
  expect(answer.headers.has('access-control-allow-origin')).toBe(true); // one answer for all, so that a cache may keep it
  const again = await person.request(authorizationUrl(server.issuer, app).url, {
    headers: { origin: 'https://app.example', 'sec-fetch-mode': 'cors' },
  });
  expect(allowances(again.headers)).toEqual([]);
});
