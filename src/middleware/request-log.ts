import type { Logger } from 'pino';
import type { RequestObserver } from './request-context.ts';

/** Logs one line per request. */
export function requestLog(logger: Logger): RequestObserver {
  return (request) => {
    // pino leaves out what is undefined.
    const line = {
      requestId: request.requestId,
      method: request.method,
      route: request.route,
      status: request.status,
      durationMs: Math.round(request.durationMs * 100) / 100,
      remoteAddress: request.remoteAddress,
      clientId: request.clientId,
      error: request.errorCode,
      traceId: request.traceId,
      aborted: request.aborted || undefined,
    };
    // A probe that is told "not ready" was served; it starts and ends every process's life.
    if (request.status >= 500 && request.errorCode !== undefined) logger.error(line, 'request');
    else logger.info(line, 'request');
  };
}
