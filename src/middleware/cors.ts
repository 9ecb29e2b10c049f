import type { NextFunction, Request, Response } from 'express';
import { addHeader } from './early-headers.ts';

/** What a script may read besides the headers that it always may. */
const EXPOSED = 'www-authenticate, retry-after, x-request-id';

/**
 * Lets scripts of any origin read an endpoint's answers. Only for endpoints that look at no cookie: what they give, they give
 * to whoever holds the code or token. Answers the preflight request (Fetch Standard, CORS protocol).
 */
export function cors(methods: string) {
  return (request: Request, response: Response, next: NextFunction): void => {
    // Said to everybody, so that a shared cache has one answer for all.
    addHeader(response, 'access-control-allow-origin', '*');
    addHeader(response, 'access-control-expose-headers', EXPOSED);
    if (request.method !== 'OPTIONS' || request.headers.origin === undefined) {
      next();
      return;
    }
    response.writeHead(204, {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
    });
    response.end();
  };
}
