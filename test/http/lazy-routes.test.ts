import { expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { lazyHandlers, lazyRouter } from '../../src/http/lazy-routes.ts';
import { lazily } from '../../src/lazily.ts';
import { whileServing } from '../support/stub-app.ts';

/** An import that fails as often as told, then succeeds; each takes a turn of the event loop. */
function failing<T>(times: number, result: T) {
  const loads = { count: 0 };
  const load = async () => {
    loads.count += 1;
    const { count } = loads;
    await new Promise((resolve) => setImmediate(resolve));
    if (count <= times) throw new Error('too many open files');
    return result;
  };
  return { loads, load };
}

async function statuses(app: Express, paths: readonly string[]): Promise<readonly number[]> {
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: unknown) => {
    response.sendStatus(500);
  });
  return whileServing(app, async (base) => {
    const found: number[] = [];
    for (const path of paths) {
      found.push((await fetch(base + path)).status);
    }
    return found;
  });
}

test('all who ask meanwhile wait for the same, and a failure reaches all of them', async () => {
  const { loads, load } = failing(1, 'loaded');
  const ask = lazily(load);
  const outcomes = () => Promise.allSettled([ask(), ask(), ask()]);
  expect((await outcomes()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect((await outcomes()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  expect(loads.count).toBe(2);
});

test('handlers are loaded once, and again after a failure', async () => {
  const { loads, load } = failing(1, {
    page: (_request: express.Request, response: express.Response) => response.sendStatus(200),
    other: (_request: express.Request, _response: express.Response, next: express.NextFunction) => next(),
  });
  const handler = lazyHandlers(load);
  const app = express();
  app.get('/page', handler('page'));
  app.get('/other', handler('other'));
  expect(await statuses(app, ['/page', '/page', '/page', '/other'])).toEqual([500, 200, 200, 404]);
  expect(loads.count).toBe(2);
});

test('a router answers below its prefix only, by whole addresses', async () => {
  const router = express.Router();
  router.get('/admin/api/things', (request, response) => {
    response.sendStatus(request.route.path === '/admin/api/things' ? 200 : 418);
  });
  const { loads, load } = failing(0, router);
  const app = express();
  app.use(lazyRouter('/admin/api', load));
  expect(await statuses(app, ['/admin/apis', '/admin'])).toEqual([404, 404]);
  expect(loads.count).toBe(0);
  expect(await statuses(app, ['/admin/api/things', '/admin/api/nothing'])).toEqual([200, 404]);
  expect(loads.count).toBe(1);
});
