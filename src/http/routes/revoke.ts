import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import { authenticateClient } from '../../middleware/client-authentication.ts';
import { callerOf } from '../../middleware/request-context.ts';
import { required } from '../../oauth/parameters.ts';
import { readForm } from '../read-body.ts';
import { sendJson } from '../respond.ts';

/** POST /oauth/revoke (RFC 7009). Some clients parse the body of the answer, so it is an empty JSON object. */
export function revokeRoute({ tokens, clients }: Actors) {
  return async (request: Request, response: Response): Promise<void> => {
    const parameters = await readForm(request);
    const { clientId } = await authenticateClient(clients, request, response, parameters);
    const token = required(parameters, 'token');
    await tokens.ask({ type: 'revokeToken', token, clientId, caller: callerOf(response) });
    sendJson(response, 200, {});
  };
}
