import type { NextFunction, Request, Response } from 'express';
import { contextOf } from '../middleware/request-context.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { errorPage } from './pages/error-page.ts';
import { text } from './pages/text.ts';
import { errorHead, publicError } from './respond.ts';

/**
 * Sends a page that nobody may keep, frame or run scripts in. `formTargets`: where forms may lead besides this server;
 * browsers apply form-action to the redirects after a form too (Content Security Policy Level 3 §6.4.3).
 */
export function sendPage(
  response: Response,
  status: number,
  page: string,
  formTargets: readonly string[] = [],
): void {
  send(response, status, page, [["form-action 'self'", ...formTargets].join(' ')]);
}

/** Sends a page that runs scripts of ours, which ask this server alone; everything else is as for other pages. */
export function sendPageWithScripts(response: Response, status: number, page: string): void {
  send(response, status, page, ["form-action 'self'", "script-src 'self'", "connect-src 'self'"]);
}

function send(response: Response, status: number, page: string, policy: readonly string[]): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      ...policy,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  response.end(page);
}

/** Sends the browser elsewhere with GET, whatever it came with, and keeps form bodies here (RFC 9700 §4.12). */
export function redirect(response: Response, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  response.end();
}

/** Shows an error to a person. */
export function sendErrorPage(response: Response, error: unknown): void {
  const shown = publicError(error);
  const { status, headers } = errorHead(response, shown);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const { title, message, hint } = wordsFor(shown);
  const { requestId } = contextOf(response);
  sendPage(response, status, errorPage({ title, message, hint, requestId, code: shown.code }));
}

function wordsFor(error: OAuthError): { title: string; message: string; hint?: string | undefined } {
  switch (error.code) {
    case 'temporarily_unavailable':
      return text.error.unavailable;
    case 'server_error':
      return text.error.server;
    case 'access_denied':
      return text.error.expiredForm;
    default:
      return { ...text.error.badRequest, message: error.message };
  }
}

/** Wraps the handler of a page, so that what it throws becomes an error page. */
export function page(handle: (request: Request, response: Response, next: NextFunction) => Promise<void>) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    contextOf(response).isPage = true;
    await handle(request, response, next);
  };
}
