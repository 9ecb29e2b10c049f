import type { Response } from 'express';
import { OAuthError, ServerError } from '../oauth/errors.ts';
import { contextOf } from '../middleware/request-context.ts';
import { ERROR_STATUS, RETRY_AFTER_SECONDS } from './error-status.ts';

const JSON_TYPE = 'application/json';

/** Sends JSON that nobody may keep: tokens, and answers about them. Bypasses res.json, whose ETag nobody wants here. */
export function sendJson(
  response: Response,
  status: number,
  body: object,
  headers?: Record<string, string>,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

/** Sends JSON that anyone may keep for a while. */
export function sendPublicJson(response: Response, body: object, maxAgeSeconds: number): void {
  sendJson(response, 200, body, { 'cache-control': `public, max-age=${maxAgeSeconds}` });
}

/** What a caller may know of an error: a refusal as it is, anything else as a server_error without detail. */
export function publicError(error: unknown): OAuthError {
  const known = error instanceof OAuthError && !(error instanceof ServerError);
  return known ? error : new ServerError('The server met an unexpected condition');
}

/** The status and extra headers of an error, noted in the request's context for the log. */
export function errorHead(
  response: Response,
  error: OAuthError,
): { status: number; headers: Record<string, string> } {
  contextOf(response).errorCode = error.code;
  const status = ERROR_STATUS[error.code];
  return { status, headers: status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {} };
}

/** Sends an error as the token endpoint and its neighbours do (RFC 6749 §5.2). */
export function sendError(response: Response, error: OAuthError, headers?: Record<string, string>): void {
  const head = errorHead(response, error);
  sendJson(
    response,
    head.status,
    { error: error.code, error_description: error.message },
    { ...head.headers, ...headers },
  );
}
