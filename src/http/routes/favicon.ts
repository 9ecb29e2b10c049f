import type { Request, Response } from 'express';

const MAX_AGE_SECONDS = 86_400;

/** GET /favicon.ico: browsers ask for it by themselves. There is none, which is no error to report in their console. */
export function faviconRoute() {
  return (_request: Request, response: Response): void => {
    response.writeHead(204, { 'cache-control': `public, max-age=${MAX_AGE_SECONDS}` });
    response.end();
  };
}
