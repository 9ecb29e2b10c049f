import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import { bearerToken } from '../../middleware/bearer-token.ts';
import { callerOf, contextOf } from '../../middleware/request-context.ts';
import { clientMetadataResponse, parseClientMetadata } from '../../oauth/client-metadata.ts';
import { AccessDenied, InvalidToken } from '../../oauth/errors.ts';
import { equalTexts } from '../../oauth/secret.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { epochSeconds } from '../../oauth/sources.ts';
import { readJson } from '../read-body.ts';
import { sendJson } from '../respond.ts';

/** Who may register a client over the network. */
export interface RegistrationPolicy {
  readonly clientRegistration: 'open' | 'protected' | 'disabled';
  /** The initial access token that protected registration asks for (RFC 7591 §3). Without one nobody may. */
  readonly registrationToken: Sensitive | undefined;
}

/** POST /clients/register (RFC 7591). */
export function registerRoute({ clients }: Actors, registration: RegistrationPolicy) {
  return async (request: Request, response: Response): Promise<void> => {
    refuseStranger(request, registration);
    const metadata = parseClientMetadata(await readJson(request));
    const { client, clientSecret } = await clients.ask({
      type: 'register',
      metadata,
      policy: { firstParty: false, pkceRequired: true },
      caller: callerOf(response),
    });
    contextOf(response).clientId = client.clientId;
    sendJson(response, 201, {
      client_id: client.clientId,
      client_id_issued_at: epochSeconds(client.createdAt),
      // Zero: it does not expire (RFC 7591 §3.2.1).
      ...(clientSecret && { client_secret: clientSecret.reveal(), client_secret_expires_at: 0 }),
      ...clientMetadataResponse(client),
    });
  };
}

function refuseStranger(
  request: Request,
  { clientRegistration, registrationToken }: RegistrationPolicy,
): void {
  switch (clientRegistration) {
    case 'open':
      return;
    case 'disabled':
      throw new AccessDenied('Client registration is disabled');
    case 'protected': {
      const presented = bearerToken(request);
      const admitted =
        presented !== undefined && registrationToken && equalTexts(presented, registrationToken.reveal());
      if (!admitted) throw new InvalidToken('Registration needs the initial access token');
    }
  }
}
