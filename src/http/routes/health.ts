import type { Request, Response } from 'express';
import { sendJson } from '../respond.ts';
import type { Readiness } from '../readiness.ts';

/** GET /health: the process answers. */
export function healthRoute() {
  return (_request: Request, response: Response): void => {
    sendJson(response, 200, { status: 'ok' });
  };
}

/** GET /ready: everything that a request needs is there; else 503, and which check failed. */
export function readyRoute(readiness: Readiness) {
  return async (_request: Request, response: Response): Promise<void> => {
    const { ready, checks } = await readiness();
    sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
  };
}
