import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Caller } from '../actors/audit/messages.ts';
import type { Sources } from '../oauth/sources.ts';

/** What is known of a request while it is served, and logged when it ends. */
export interface RequestContext {
  readonly requestId: string;
  readonly startedAtMs: number;
  /** Set once the client is authenticated or looked up; never what an unknown caller claims to be. */
  clientId: string | undefined;
  /** Whether a person looks at the answer: errors are then shown as a page. */
  isPage: boolean;
  /** The code of the error that was answered, if one was. */
  errorCode: string | undefined;
}

/** The context of the request that `response` answers. */
export function contextOf(response: Response): RequestContext {
  return response.locals.context as RequestContext;
}

/** Who sent the request, for the audit. */
export function callerOf(request: Request, response: Response): Caller {
  return { requestId: contextOf(response).requestId, remoteAddress: request.ip ?? null };
}

/** Gives each request an id, and logs one line when its response is done. The line has the route, never the URL. */
export function requestContext(logger: Logger, sources: Sources) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const context: RequestContext = {
      requestId: sources.randomUuid(),
      startedAtMs: performance.now(),
      clientId: undefined,
      isPage: false,
      errorCode: undefined,
    };
    response.locals.context = context;
    response.setHeader('x-request-id', context.requestId);
    response.once('close', () => {
      logRequest(logger, request, response, context);
    });
    next();
  };
}

function logRequest(logger: Logger, request: Request, response: Response, context: RequestContext): void {
  const route = (request.route as { path?: unknown } | undefined)?.path;
  const line = {
    requestId: context.requestId,
    method: request.method,
    route: typeof route === 'string' ? route : 'unmatched',
    status: response.statusCode,
    durationMs: Math.round((performance.now() - context.startedAtMs) * 100) / 100,
    ...(context.clientId !== undefined && { clientId: context.clientId }),
    ...(context.errorCode !== undefined && { error: context.errorCode }),
    ...(!response.writableFinished && { aborted: true }),
  };
  // A probe that is told "not ready" was served; it starts and ends every process's life.
  if (response.statusCode >= 500 && context.errorCode !== undefined) logger.error(line, 'request');
  else logger.info(line, 'request');
}
