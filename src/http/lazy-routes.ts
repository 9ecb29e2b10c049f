import type { NextFunction, Request, RequestHandler, Response, Router } from 'express';
import { lazily } from '../lazily.ts';

/** Handlers that are loaded when the first of them is needed; `name` gives one of them as a route takes it. */
export function lazyHandlers<Name extends string>(
  load: () => Promise<Readonly<Record<Name, RequestHandler>>>,
): (name: Name) => RequestHandler {
  const handlers = lazily(load);
  return (name) => async (request, response, next) => {
    const handle = (await handlers())[name];
    await handle(request, response, next);
  };
}

/** A router that is loaded by the first request to an address below its prefix. */
export interface LazyRouter {
  (request: Request, response: Response, next: NextFunction): Promise<void>;
  readonly load: () => Promise<Router>;
}

/** All below `prefix` goes to the router, which knows its routes by their whole address, as the log and the metrics name them. */
export function lazyRouter(prefix: string, load: () => Promise<Router>): LazyRouter {
  const router = lazily(load);
  const handle = async (request: Request, response: Response, next: NextFunction) => {
    const { path } = request;
    if (path === prefix || path.startsWith(`${prefix}/`)) (await router())(request, response, next);
    else next();
  };
  return Object.assign(handle, { load: router });
}
