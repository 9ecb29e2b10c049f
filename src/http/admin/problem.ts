import type { Response } from 'express';
import { z } from 'zod';
import { STATUS_CODES } from '../../node-http.ts';
import { Conflict, InsufficientScope, InvalidToken, UnprocessableContent } from '../../oauth/errors.ts';
import type { FieldProblem, OAuthError } from '../../oauth/errors.ts';
import { errorHead, sendJson } from '../respond.ts';

/** Node.js has the older name of one (RFC 9110 §15.5.21). */
const TITLES: typeof STATUS_CODES = { ...STATUS_CODES, 422: 'Unprocessable Content' };

export const PROBLEM_TYPE = 'application/problem+json';

/** Problem details (RFC 9457 §3.1), with the OAuth error code and what is wrong with each field. */
export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'A sentence for a person' }),
    error: z.string().meta({ description: 'A code for a program', example: 'unprocessable_content' }),
    errors: z
      .array(z.object({ field: z.string().meta({ example: 'redirect_uris.0' }), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong, field by field' }),
  })
  .meta({ id: 'Problem' });

/** Sends an error of the admin API; a 401 or 403 for want of a token names the scheme (RFC 6750 §3). */
export function sendProblem(response: Response, error: OAuthError, scope: string): void {
  const { status, headers } = errorHead(response, error);
  const problems = problemsOf(error);
  const body = {
    ...problemBody(status, error.code, error.message),
    ...(problems.length > 0 && { errors: [...problems] }),
  };
  sendJson(response, status, body, {
    ...headers,
    'content-type': PROBLEM_TYPE,
    ...challengeFor(error, scope),
  });
}

/** Problem details with nothing wrong in any field. */
export function problemBody(status: number, error: string, detail: string): z.input<typeof problem> {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, error };
}

function problemsOf(error: OAuthError): readonly FieldProblem[] {
  return error instanceof Conflict || error instanceof UnprocessableContent ? error.problems : [];
}

/** Without a token there is no error to name (RFC 6750 §3.1). */
export class TokenMissing extends InvalidToken {}

function challengeFor(error: OAuthError, scope: string): Record<string, string> {
  const realm = 'Bearer realm="stagedoor"';
  if (error instanceof TokenMissing) return { 'www-authenticate': `${realm}, scope="${scope}"` };
  if (error instanceof InvalidToken) return { 'www-authenticate': `${realm}, error="invalid_token"` };
  if (error instanceof InsufficientScope) {
    return { 'www-authenticate': `${realm}, error="insufficient_scope", scope="${scope}"` };
  }
  return {};
}
