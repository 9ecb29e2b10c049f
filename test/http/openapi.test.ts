import { METHODS } from 'node:http';
import { expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Express, Router } from 'express';
import { documentedPath } from '../../src/http/openapi/admin-paths.ts';
import { DocumentedServer } from '../support/documented.ts';
import { appWithout, STUB_ISSUER, whileServing } from '../support/stub-app.ts';

const app = appWithout(new Error('nobody answers'));

function documentOf(express: Express): Promise<DocumentedServer> {
  return whileServing(express, (base) => DocumentedServer.of(base));
}

interface Route {
  readonly path: string;
  readonly methods: readonly string[];
}

/** Every route of the application. A route of all methods refuses the wrong ones of an address that others serve. */
async function routesOf(router: Router): Promise<readonly Route[]> {
  const routes = (router.stack as any[]).map(async ({ route, handle }) => {
    // A router within would hide its routes from this test, but for one that is loaded on demand, which says how.
    expect(handle.stack).toBeUndefined();
    if (handle.load) return routesOf(await handle.load());
    return route ? [{ path: documentedPath(route.path), methods: Object.keys(route.methods) }] : [];
  });
  return (await Promise.all(routes)).flat();
}

test('every route is in the document, and everything in the document is a route', async () => {
  const server = await documentOf(app);
  const documented = server.operations().map(({ method, path }) => `${method} ${path}`);
  const routes = await routesOf(app.router);
  const served = routes
    .filter(({ methods }) => methods.length < METHODS.length && !methods.includes('_all'))
    .flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`));
  expect(documented.sort()).toEqual([...new Set(served)].sort());
  expect(Object.keys(server.document.paths).sort()).toEqual(
    [...new Set(routes.map(({ path }) => path))].sort(),
  );
});

test('the document is OpenAPI 3.1 by the official schema, and every reference in it leads somewhere', async () => {
  const { document } = await documentOf(app);
  expect(document.openapi).toMatch(/^3\.1\./);
  const validator = new Validator();
  // The validator resolves references in place.
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  for (const [ref] of JSON.stringify(document).matchAll(/(?<="\$ref":"#\/)[^"]+/g)) {
    expect([ref, ref.split('/').reduce((node, key) => node?.[key], document)]).not.toEqual([ref, undefined]);
  }
});

test('each operation has a name of its own, a summary, a known tag and security that is described', async () => {
  const server = await documentOf(app);
  const { document } = server;
  const operations = server.operations();
  const ids = operations.map(({ id }) => id);
  expect([...new Set(ids)]).toEqual(ids);
  const tags = document.tags.map(({ name }: { name: string }) => name);
  expect([...new Set(tags)]).toEqual(tags);
  for (const { id, described } of operations) {
    expect([id, typeof described.summary, described.tags.length]).toEqual([id, 'string', 1]);
    expect(tags).toContain(described.tags[0]);
    for (const [scheme, scopes] of described.security.flatMap((one: object) => Object.entries(one))) {
      const flows = Object.values<any>(document.components.securitySchemes[scheme].flows ?? {});
      for (const scope of scopes) expect(flows.some((flow) => scope in flow.scopes)).toBe(true);
    }
  }
});

test('the addresses in it are the issuer’s', async () => {
  const { document } = await documentOf(app);
  expect(document.servers).toEqual([{ url: STUB_ISSUER }]);
  const { clientCredentials, authorizationCode } = document.components.securitySchemes.oauth2.flows;
  expect(clientCredentials.tokenUrl).toBe(`${STUB_ISSUER}/oauth/token`);
  expect(authorizationCode.authorizationUrl).toBe(`${STUB_ISSUER}/oauth/authorize`);
});

test('any script may read it, it may be kept for a while, and no other method is answered', async () => {
  await whileServing(app, async (base) => {
    const url = `${base}/api-docs/openapi.json`;
    const { status, headers } = await fetch(url);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(headers.get('content-length'));
    const post = await fetch(url, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  });
});
