import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import { bearerToken } from '../../middleware/bearer-token.ts';
import { contextOf } from '../../middleware/request-context.ts';
import { userinfoClaims } from '../../oauth/claims.ts';
import { InsufficientScope, InvalidRequest, InvalidToken } from '../../oauth/errors.ts';
import { isForm, readForm } from '../read-body.ts';
import { sendError, sendJson } from '../respond.ts';

/** GET and POST /oauth/userinfo (OpenID Connect Core §5.3). */
export function userinfoRoute({ tokens, auth }: Actors) {
  return async (request: Request, response: Response): Promise<void> => {
    const presented = await presentedToken(request).catch((error: unknown) => {
      if (!(error instanceof InvalidRequest)) throw error;
      sendError(response, error, {
        'www-authenticate': 'Bearer realm="stagedoor", error="invalid_request"',
      });
      return null;
    });
    if (presented === null) return;
    if (presented === undefined) {
      // Without a token there is no error to name (RFC 6750 §3.1).
      sendError(response, new InvalidToken('An access token is required'), {
        'www-authenticate': 'Bearer realm="stagedoor"',
      });
      return;
    }
    const token = await tokens.ask({ type: 'introspect', token: presented, clientId: null });
    if (!token.active || token.kind !== 'access_token') throw invalidToken();
    contextOf(response).clientId = token.clientId;
    // What a client got for itself has no person behind it, whatever its scope.
    if (token.subject === token.clientId) throw invalidToken();
    if (!token.scope.includes('openid')) {
      sendError(response, new InsufficientScope('The access token lacks the scope openid'), {
        'www-authenticate': 'Bearer realm="stagedoor", error="insufficient_scope", scope="openid"',
      });
      return;
    }
    const user = await auth.ask({ type: 'findUser', userId: token.subject });
    if (!user) throw invalidToken();
    sendJson(response, 200, userinfoClaims(user, token.scope));
  };
}

/**
 * From the header, or from a form body (RFC 6750 §2.1, §2.2); never from the URL, and a body of another type holds none.
 * Throws InvalidRequest if both carry one (§2).
 */
async function presentedToken(request: Request): Promise<string | undefined> {
  const inHeader = bearerToken(request);
  if (request.method !== 'POST' || !isForm(request)) return inHeader;
  const inBody = (await readForm(request)).get('access_token');
  if (inHeader !== undefined && inBody !== undefined) {
    throw new InvalidRequest('The access token is sent in more than one way');
  }
  return inHeader ?? inBody;
}

function invalidToken(): InvalidToken {
  return new InvalidToken('The access token is invalid, expired or revoked');
}
