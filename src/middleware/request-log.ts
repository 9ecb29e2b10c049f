import type { Logger } from 'pino';
import type { RequestObserver } from './request-context.ts';

/** Logs one line per request. */
export function requestLog(logger: Logger): RequestObserver {
  return ({
    requestId,
    method,
    route,
    status,
    durationMs,
    remoteAddress,
    clientId,
    errorCode,
    traceId,
    aborted,
  }) => {
    const line = {
      requestId,
      method,
      route,
      status,
      durationMs: Math.round(durationMs * 100) / 100,
      ...(remoteAddress !== undefined && { remoteAddress }),
      ...(clientId !== undefined && { clientId }),
      ...(errorCode !== undefined && { error: errorCode }),
      ...(traceId !== undefined && { traceId }),
      ...(aborted && { aborted }),
    };
    // A probe that is told "not ready" was served; it starts and ends every process's life.
    if (status >= 500 && errorCode !== undefined) logger.error(line, 'request');
    else logger.info(line, 'request');
  };
}
