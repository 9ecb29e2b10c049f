import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.issuer + path, { method, headers, redirect: 'manual' });
}

test('an endpoint that is asked with another method says which it answers', async () => {
  const endpoints = {
    '/oauth/token': 'POST',
    '/oauth/introspect': 'POST',
    '/oauth/revoke': 'POST',
    '/clients/register': 'POST',
    '/oauth/userinfo': 'GET, POST',
    '/oauth/authorize': 'GET, POST',
  };
  for (const [path, allow] of Object.entries(endpoints)) {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      if (allow.split(', ').includes(method)) continue;
      const response = await ask(method, path);
      expect({ path, method, status: response.status, allow: response.headers.get('allow') }).toEqual({
        path,
        method,
        status: 405,
        allow,
      });
      expect(await response.json()).toEqual({
        error: 'invalid_request',
        error_description: `This address answers ${allow}`,
      });
    }
  }
});

test('an unknown address is a page for a person and JSON for a program', async () => {
  for (const path of [
    '/nowhere',
    '/oauth/tokens',
    '/OAuth/token',
    '/.well-known/nothing',
    '/oauth/token/',
    '/%zz',
  ]) {
    const page = await ask('GET', path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    const requestId = page.headers.get('x-request-id');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await page.text();
    expect({ path, status: page.status, words: text.includes('There is no such page') }).toEqual({
      path,
      status: 404,
      words: true,
    });
    expect(text).toContain(requestId);
    for (const accept of ['application/json', '*/*', 'image/png']) {
      const answer = await ask('GET', path, { accept });
      expect({ accept, status: answer.status }).toEqual({ accept, status: 404 });
      expect(await answer.json()).toEqual({
        error: 'not_found',
        error_description: 'There is nothing at this address',
      });
    }
  }
});

test('HEAD is answered like GET, without the body', async () => {
  const paths = [
    '/health',
    '/ready',
    '/.well-known/jwks.json',
    '/.well-known/openid-configuration',
    '/auth/login',
    '/oauth/userinfo',
    '/assets/stagedoor.css',
    '/assets/panel/nothing.js',
    '/admin',
    '/api-docs/openapi.json',
    '/swagger-ui',
    '/swagger-ui/own-origin.js',
    '/swagger-ui/swagger-ui.css',
    '/nowhere',
  ];
  for (const path of paths) {
    // The length of an answer that is compressed is not that of what is in it.
    const plain = { 'accept-encoding': 'identity' };
    const [get, head] = [await ask('GET', path, plain), await ask('HEAD', path, plain)];
    const facts = (response: Response) => ({
      status: response.status,
      type: response.headers.get('content-type'),
      cache: response.headers.get('cache-control'),
      challenge: response.headers.get('www-authenticate'),
    });
    expect({ path, ...facts(head) }).toEqual({ path, ...facts(get) });
    expect(Number(head.headers.get('content-length'))).toBe((await get.arrayBuffer()).byteLength);
    expect(await head.text()).toBe('');
  }
});

test('health says that the process answers, readiness that all a request needs is there', async () => {
  const health = await ask('GET', '/health');
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  const ready = await ask('GET', '/ready');
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'ready', checks: { database: 'ok', signingKeys: 'ok', actors: 'ok' } },
  ]);
  for (const { headers } of [health, ready]) expect(headers.get('cache-control')).toBe('no-store');
});

test('no answer names the software that made it, and each has an id of its own', async () => {
  const ids = new Set<string | null>();
  for (const path of ['/', '/health', '/nowhere', '/auth/login', '/oauth/token']) {
    const { headers } = await ask('GET', path, { 'x-request-id': 'chosen-by-the-caller' });
    ids.add(headers.get('x-request-id'));
    for (const name of ['x-powered-by', 'server', 'etag']) expect(headers.get(name)).toBeNull();
  }
  expect(ids.size).toBe(5);
  expect(ids).not.toContain('chosen-by-the-caller');
});
