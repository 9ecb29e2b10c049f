import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import type { IssuedTokens } from '../../actors/token/messages.ts';
import { authenticateClient } from '../../middleware/client-authentication.ts';
import { callerOf } from '../../middleware/request-context.ts';
import type { Client } from '../../oauth/client.ts';
import { UnauthorizedClient } from '../../oauth/errors.ts';
import { exactScope, formatScope } from '../../oauth/scope.ts';
import { parseTokenRequest, type TokenRequest } from '../../oauth/token-request.ts';
import { readForm } from '../read-body.ts';
import { sendJson } from '../respond.ts';

type RequestFor<G extends TokenRequest['grantType']> = Extract<TokenRequest, { grantType: G }>;

/** POST /oauth/token (RFC 6749 §3.2). */
export function tokenRoute({ tokens, auth, clients }: Actors) {
  return async (request: Request, response: Response): Promise<void> => {
    const parameters = await readForm(request);
    const client = await authenticateClient(clients, request, response, parameters);
    const tokenRequest = parseTokenRequest(parameters);
    if (!client.grantTypes.includes(tokenRequest.grantType)) {
      throw new UnauthorizedClient('The client is not registered for this grant type');
    }
    sendTokens(response, await issue(client, tokenRequest, response));
  };

  function issue(client: Client, asked: TokenRequest, response: Response): Promise<IssuedTokens> {
    switch (asked.grantType) {
      case 'client_credentials': {
        const scope = exactScope(asked.scope, client.scope);
        return tokens.ask({ type: 'issueForClient', clientId: client.clientId, scope });
      }
      case 'authorization_code':
        return redeem(client, asked, response);
      case 'refresh_token':
        return tokens.ask({
          type: 'rotateRefresh',
          refreshToken: asked.refreshToken,
          clientId: client.clientId,
          scope: asked.scope ?? null,
          caller: callerOf(response),
        });
    }
  }

  async function redeem(
    client: Client,
    asked: RequestFor<'authorization_code'>,
    response: Response,
  ): Promise<IssuedTokens> {
    const { clientId } = client;
    const code = await auth.ask({
      type: 'redeemCode',
      client,
      codeHash: asked.codeHash,
      redirectUri: asked.redirectUri ?? null,
      codeVerifier: asked.codeVerifier ?? null,
      caller: callerOf(response),
    });
    const { grantId, userId, scope, nonce, authenticatedAt } = code;
    return tokens.ask({
      type: 'issueForGrant',
      grantId,
      clientId,
      userId,
      scope,
      withRefreshToken: client.grantTypes.includes('refresh_token'),
      idToken: scope.includes('openid')
        ? { algorithm: client.idTokenSignedResponseAlg, nonce, authenticatedAt }
        : null,
    });
  }
}

/** The token response (RFC 6749 §5.1). */
function sendTokens(response: Response, issued: IssuedTokens): void {
  sendJson(
    response,
    200,
    {
      access_token: issued.accessToken,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
      scope: formatScope(issued.scope),
      ...(issued.refreshToken !== undefined && { refresh_token: issued.refreshToken }),
      ...(issued.idToken !== undefined && { id_token: issued.idToken }),
    },
    { pragma: 'no-cache' },
  );
}
