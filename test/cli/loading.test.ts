import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { post, registerClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';

const NEEDED = ['node_modules/express/', 'node_modules/knex/', 'src/http/routes/token.js'];
/** What a server has no use for that serves programs, on a database that has its keys and its admin. */
const NOT_FOR_TOKENS = [
  'node_modules/bcrypt/',
  'node_modules/rate-limiter-flexible/',
  'node_modules/swagger-ui-dist/',
  'node_modules/swagger-ui-express/',
  'node_modules/zod-openapi/',
  'src/http/admin/routes.js',
  'src/http/openapi/document.js',
  'src/http/page-handlers.js',
  'src/http/panel/assets.js',
];
const ON_OTHER_OCCASIONS = [
  'node_modules/@electric-sql/pglite/',
  'node_modules/@opentelemetry/sdk-node/',
  'node_modules/knex-pglite/',
  'node_modules/node-jose/',
];
const ALL = [...NEEDED, ...NOT_FOR_TOKENS, ...ON_OTHER_OCCASIONS];

let first: TestServer;

beforeAll(async () => {
  first = await startServer();
  expect(await first.terminate()).toBe(0);
});
afterAll(() => first.stop());

/** Which of the names are in the address of a script that a server on the same database has loaded by its end. */
async function loadedFor(use: (server: TestServer) => Promise<void>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-loaded-'));
  try {
    // Of Node's coverage only the list of all scripts is wanted, which has them however they were loaded.
    const server = await startServer({ env: { ...first.env, NODE_V8_COVERAGE: folder } });
    try {
      await use(server);
    } finally {
      expect(await server.terminate()).toBe(0);
    }
    const scripts = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        result: { url: string }[];
      };
      return result.map(({ url }) => url);
    });
    return ALL.filter((name) => scripts.some((url) => url.includes(name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a server that issues tokens loads nothing that it does not need for them', async () => {
  const loaded = await loadedFor(async ({ issuer }) => {
    const client = await registerClient(issuer, { grant_types: ['client_credentials'], scope: 'read' });
    const { status } = await post(`${issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
    expect(status).toBe(200);
  });
  expect(loaded).toEqual(NEEDED);
});

test('the rest is loaded by who asks first, and by many at once', async () => {
  const loaded = await loadedFor(async (server) => {
    const { issuer } = server;
    const paths = ['/api-docs/openapi.json', '/swagger-ui', '/swagger-ui/swagger-ui-init.js', '/auth/login'];
    const asked = [...paths, ...paths, ...paths].map((path) => fetch(issuer + path));
    for (const response of await Promise.all(asked))
      expect([response.url, response.status]).toEqual([response.url, 200]);
    for (const response of await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${issuer}/admin/api/clients`)),
    )) {
      expect([response.status, response.headers.get('content-type')]).toEqual([
        401,
        'application/problem+json',
      ]);
    }
    const admin = new Person(issuer);
    await admin.submit(await admin.open('/auth/login'), ADMIN);
    expect((await admin.request('/admin')).status).toBe(200);
  });
  expect(loaded).toEqual([...NEEDED, ...NOT_FOR_TOKENS]);
});
