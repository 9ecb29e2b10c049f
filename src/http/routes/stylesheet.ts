import type { Request, Response } from 'express';
import { stylesheet } from '../pages/stylesheet.ts';

const MAX_AGE_SECONDS = 3600;

/** GET /assets/stagedoor.css. */
export function stylesheetRoute() {
  return (_request: Request, response: Response): void => {
    response.writeHead(200, {
      'content-type': 'text/css; charset=utf-8',
      'content-length': Buffer.byteLength(stylesheet),
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
      'x-content-type-options': 'nosniff',
    });
    response.end(stylesheet);
  };
}
