import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { describeBug } from '../describe-bug.ts';
import { contextOf } from '../middleware/request-context.ts';
import { InvalidClient, InvalidRequest, InvalidToken, OAuthError } from '../oauth/errors.ts';
import { errorPage } from './pages/error-page.ts';
import { text } from './pages/text.ts';
import { publicError, sendError, sendJson } from './respond.ts';
import { sendErrorPage, sendPage } from './send-page.ts';

/** Where every error of a request ends: shown as a page to a person, as JSON to a program, and logged if it is a bug. */
export function errorEdge(logger: Logger) {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, _request: Request, response: Response, _next: NextFunction): void => {
    const error = asRefusal(thrown);
    if (!(error instanceof OAuthError)) logBug(logger, response, error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (contextOf(response).isPage) sendErrorPage(response, error);
    else sendError(response, publicError(error), challengeFor(error));
  };
}

/** What Express throws at an address whose percent-encoding is broken is the caller's mistake. */
export function asRefusal(error: unknown): unknown {
  return error instanceof URIError ? new InvalidRequest('The address is not encoded correctly') : error;
}

/** A 401 names the scheme that would do (RFC 6749 §5.2, RFC 6750 §3). */
function challengeFor(error: unknown): Record<string, string> {
  if (error instanceof InvalidClient) return { 'www-authenticate': 'Basic realm="stagedoor"' };
  if (error instanceof InvalidToken) {
    return { 'www-authenticate': `Bearer realm="stagedoor", error="invalid_token"` };
  }
  return {};
}

/** Name and place of a bug; its message may quote what a caller sent, so it stays out of the log. */
export function logBug(logger: Logger, response: Response, error: unknown): void {
  const { requestId } = contextOf(response);
  logger.error({ requestId, ...describeBug(error) }, 'request failed unexpectedly');
}

/** Answers what no route matched. */
export function notFound(request: Request, response: Response): void {
  if (request.accepts(['json', 'html']) === 'html') {
    const { requestId } = contextOf(response);
    sendPage(response, 404, errorPage({ ...text.error.notFound, requestId }));
    return;
  }
  sendJson(response, 404, { error: 'not_found', error_description: 'There is nothing at this address' });
}

/** Answers a known address with the wrong method. */
export function methodNotAllowed(allow: string) {
  return (_request: Request, response: Response): void => {
    sendJson(
      response,
      405,
      { error: 'invalid_request', error_description: `This address answers ${allow}` },
      { allow },
    );
  };
}
