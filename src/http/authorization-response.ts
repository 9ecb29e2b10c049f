import type { Response } from 'express';
import type { OAuthError } from '../oauth/errors.ts';
import { contextOf } from '../middleware/request-context.ts';
import { redirect } from './send-page.ts';

/** Where an authorization response goes, and what every response carries. */
export interface ResponseTarget {
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly issuer: string;
}

/** Sends the browser back with a code (RFC 6749 §4.1.2). */
export function respondWithCode(response: Response, target: ResponseTarget, code: string): void {
  redirect(response, locationOf(target, { code }));
}

/** Sends the browser back with an error (RFC 6749 §4.1.2.1). */
export function respondWithError(response: Response, target: ResponseTarget, error: OAuthError): void {
  contextOf(response).errorCode = error.code;
  redirect(response, locationOf(target, { error: error.code, error_description: error.message }));
}

/** The redirect URI with the response in its query; the issuer tells the client whose response it is (RFC 9207). */
function locationOf({ redirectUri, state, issuer }: ResponseTarget, fields: Record<string, string>): string {
  const query = new URLSearchParams({ ...fields, ...(state !== undefined && { state }), iss: issuer });
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query.toString()}`;
}
