import type { Request, Response } from 'express';
import type { ClientRef } from '../actors/client/messages.ts';
import { isPublic, type Client } from '../oauth/client.ts';
import { InvalidClient, InvalidRequest } from '../oauth/errors.ts';
import type { Parameters } from '../oauth/parameters.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { contextOf } from './request-context.ts';

interface PresentedClient {
  readonly clientId: string;
  readonly presentedSecret: Sensitive | null;
}

/**
 * Authenticates the client of a request to the token endpoint and its neighbours: by HTTP Basic, by client_id and
 * client_secret in the body, or as a public client by client_id alone (RFC 6749 §2.3, §3.2.1).
 * Throws InvalidClient, or InvalidRequest if more than one method is used or the secret stands in the URL.
 */
export async function authenticateClient(
  clients: ClientRef,
  request: Request,
  response: Response,
  parameters: Parameters,
): Promise<Client> {
  const presented = presentedClient(request, parameters);
  const client = await clients.ask({ type: 'authenticate', ...presented });
  contextOf(response).clientId = client.clientId;
  return client;
}

/** Like authenticateClient, for endpoints that a public client has no business with (RFC 7662 §2.1). */
export async function authenticateConfidentialClient(
  clients: ClientRef,
  request: Request,
  response: Response,
  parameters: Parameters,
): Promise<Client> {
  const client = await authenticateClient(clients, request, response, parameters);
  if (isPublic(client)) throw new InvalidClient('Client authentication failed');
  return client;
}

function presentedClient(request: Request, parameters: Parameters): PresentedClient {
  if (/[?&](?:client_secret|client_assertion)=/i.test(request.url)) {
    throw new InvalidRequest('Client credentials must not be sent in the URL');
  }
  const bodySecret = parameters.get('client_secret');
  const bodyId = parameters.get('client_id');
  const header = request.headers.authorization;
  if (header !== undefined) {
    const basic = parseBasic(header);
    if (bodySecret !== undefined)
      throw new InvalidRequest('Only one method of client authentication may be used');
    if (bodyId !== undefined && bodyId !== basic.clientId) {
      throw new InvalidRequest('The client_id differs from the one that authenticates');
    }
    return basic;
  }
  if (bodyId === undefined) throw new InvalidClient('Client authentication failed');
  return { clientId: bodyId, presentedSecret: bodySecret === undefined ? null : new Sensitive(bodySecret) };
}

/** Name and password are form-encoded before they are joined (RFC 6749 §2.3.1). */
function parseBasic(header: string): PresentedClient {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(header)?.[1];
  const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new InvalidClient('Client authentication failed');
  const secret = formDecode(decoded.slice(colon + 1));
  return {
    clientId: formDecode(decoded.slice(0, colon)),
    presentedSecret: secret === '' ? null : new Sensitive(secret),
  };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new InvalidClient('Client authentication failed');
  }
}
