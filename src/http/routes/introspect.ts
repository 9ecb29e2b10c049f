import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import type { ActiveToken } from '../../actors/token/messages.ts';
import { authenticateConfidentialClient } from '../../middleware/client-authentication.ts';
import { required } from '../../oauth/parameters.ts';
import { formatScope } from '../../oauth/scope.ts';
import { readForm } from '../read-body.ts';
import { sendJson } from '../respond.ts';

/** POST /oauth/introspect (RFC 7662). */
export function introspectRoute({ tokens, clients }: Actors, issuer: string) {
  return async (request: Request, response: Response): Promise<void> => {
    const parameters = await readForm(request);
    const { clientId } = await authenticateConfidentialClient(clients, request, response, parameters);
    const token = await tokens.ask({ type: 'introspect', token: required(parameters, 'token'), clientId });
    sendJson(response, 200, token.active ? activeToken(token, issuer) : { active: false });
  };
}

function activeToken(token: ActiveToken, issuer: string): object {
  return {
    active: true,
    iss: issuer,
    sub: token.subject,
    client_id: token.clientId,
    scope: formatScope(token.scope),
    exp: token.expiresAt,
    iat: token.issuedAt,
    ...(token.kind === 'access_token' && { token_type: 'Bearer', aud: issuer, jti: token.tokenId }),
  };
}
