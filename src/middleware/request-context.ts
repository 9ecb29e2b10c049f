import type { NextFunction, Request, Response } from 'express';
import type { Actor, Caller } from '../actors/audit/messages.ts';
import type { Sources } from '../oauth/sources.ts';
import { addHeader } from './early-headers.ts';
import { onceOver } from './request-end.ts';

/** What is known of a request while it is served, and logged when it ends. */
export interface RequestContext {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly remoteAddress: string | undefined;
  /** The trace that the request is part of; undefined without tracing. */
  readonly traceId: string | undefined;
  /** Set once the client is authenticated or looked up; never what an unknown caller claims to be. */
  clientId: string | undefined;
  /** Set once an admin, or a client with an admin's rights, is known to have sent it. */
  actor: Actor | undefined;
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
export function callerOf(response: Response): Caller {
  const { requestId, remoteAddress, actor } = contextOf(response);
  return { requestId, remoteAddress: remoteAddress ?? null, ...(actor !== undefined && { actor }) };
}

/** A request that has ended, as the log and the metrics know it: the route's pattern, never the URL. */
export interface RequestSummary {
  readonly requestId: string;
  readonly method: string;
  /** `unmatched` where no route is. */
  readonly route: string;
  /** 499 where the caller went away before the answer began. */
  readonly status: number;
  readonly durationMs: number;
  /** Who sent it, as far as the trusted proxies tell. */
  readonly remoteAddress: string | undefined;
  readonly clientId: string | undefined;
  readonly errorCode: string | undefined;
  /** Undefined without tracing. */
  readonly traceId: string | undefined;
  /** The caller went away before the answer's end. */
  readonly aborted: boolean;
}

/** Told of each request when its response is done. */
export type RequestObserver = (request: RequestSummary) => void;

const CLIENT_CLOSED_REQUEST = 499;

/** Notes the trace that a request is part of, before its context is made. */
export function noteTraceId(response: Response, traceId: string): void {
  response.locals.traceId = traceId;
}

/** The pattern of the route that answered, never the URL; undefined where none matched. */
export function routeOf(request: Request): string | undefined {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : undefined;
}

/**
 * Gives each request an id, and tells the observers when its response is done. `behindProxy`: addresses are also looked for in
 * what proxies say, as far as Express trusts them.
 */
export function requestContext(
  sources: Sources,
  observers: readonly RequestObserver[],
  behindProxy: boolean,
) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const context: RequestContext = {
      requestId: sources.randomUuid(),
      startedAtMs: performance.now(),
      // Asked for now: a socket that is closed has forgotten it.
      remoteAddress: behindProxy ? request.ip : request.socket.remoteAddress,
      clientId: undefined,
      actor: undefined,
      isPage: false,
      errorCode: undefined,
      traceId: response.locals.traceId as string | undefined,
    };
    response.locals.context = context;
    addHeader(response, 'x-request-id', context.requestId);
    onceOver(request, response, () => {
      const summary = summarize(request, response, context);
      for (const observe of observers) observe(summary);
    });
    next();
  };
}

function summarize(request: Request, response: Response, context: RequestContext): RequestSummary {
  return {
    requestId: context.requestId,
    method: request.method,
    route: routeOf(request) ?? 'unmatched',
    status: response.headersSent ? response.statusCode : CLIENT_CLOSED_REQUEST,
    durationMs: performance.now() - context.startedAtMs,
    remoteAddress: context.remoteAddress,
    clientId: context.clientId,
    errorCode: context.errorCode,
    traceId: context.traceId,
    aborted: !response.writableFinished,
  };
}
