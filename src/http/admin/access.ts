import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import { bearerToken } from '../../middleware/bearer-token.ts';
import type { Csrf } from '../../middleware/csrf.ts';
import { contextOf } from '../../middleware/request-context.ts';
import type { Sessions } from '../../middleware/session.ts';
import { AccessDenied, InsufficientScope, InvalidToken } from '../../oauth/errors.ts';
import { TokenMissing } from './problem.ts';

/** The scope that opens all of the admin API, and the one that opens what changes nothing. */
export const ADMIN_SCOPE = 'admin';
export const ADMIN_READ_SCOPE = 'admin:read';

export interface AccessParts {
  readonly actors: Actors;
  readonly sessions: Sessions;
  readonly csrf: Csrf;
}

/**
 * Lets an admin pass: by an access token with an admin's scope, or by a session, whose changes must come from a page of ours.
 * A token that came by a person is worth no more than that person's role is now. Throws InvalidToken, InsufficientScope or
 * AccessDenied.
 */
export async function admit(
  parts: AccessParts,
  request: Request,
  response: Response,
  readOnly: boolean,
): Promise<void> {
  if (request.headers.authorization !== undefined) await admitByToken(parts, request, response, readOnly);
  else await admitBySession(parts, request, response, readOnly);
}

async function admitByToken(
  { actors }: AccessParts,
  request: Request,
  response: Response,
  readOnly: boolean,
): Promise<void> {
  const presented = bearerToken(request);
  if (presented === undefined) throw new InvalidToken('The Authorization header holds no bearer token');
  const token = await actors.tokens.ask({ type: 'introspect', token: presented, clientId: null });
  if (!token.active || token.kind !== 'access_token') {
    throw new InvalidToken('The access token is invalid, expired or revoked');
  }
  const context = contextOf(response);
  context.clientId = token.clientId;
  const enough = token.scope.includes(ADMIN_SCOPE) || (readOnly && token.scope.includes(ADMIN_READ_SCOPE));
  if (!enough) throw new InsufficientScope('The access token lacks the scope that this needs');
  if (token.subject === token.clientId) {
    context.actor = `client:${token.clientId}`;
    return;
  }
  if (!(await actors.auth.ask({ type: 'isAdmin', userId: token.subject }))) {
    throw new InsufficientScope('The person behind the access token is not an admin any more');
  }
  context.actor = `user:${token.subject}`;
}

async function admitBySession(
  { sessions, csrf }: AccessParts,
  request: Request,
  response: Response,
  readOnly: boolean,
): Promise<void> {
  const session = await sessions.find(request);
  if (!session) throw new TokenMissing('An access token, or the session of an admin, is required');
  if (!session.roles.includes('admin')) throw new AccessDenied('Only an admin may do this');
  if (!readOnly && !csrf.isOurRequest(request)) {
    throw new AccessDenied('The request carries no valid x-csrf-token; open the page again');
  }
  contextOf(response).actor = `user:${session.userId}`;
}
