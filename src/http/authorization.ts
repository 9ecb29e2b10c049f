import type { Response } from 'express';
import type { Actors } from '../actors/actors.ts';
import type { Session } from '../actors/auth/messages.ts';
import { contextOf } from '../middleware/request-context.ts';
import {
  chooseRedirectUri,
  parseAuthorizationRequest,
  type AuthorizationRequest,
} from '../oauth/authorization-request.ts';
import { isIdentitySure, restsOnConsent, type Client } from '../oauth/client.ts';
import { InvalidRequest, OAuthError, TemporarilyUnavailable } from '../oauth/errors.ts';
import { required, type Parameters } from '../oauth/parameters.ts';
import { isAdminScope, isWithin } from '../oauth/scope.ts';
import { respondWithCode, respondWithError, type ResponseTarget } from './authorization-response.ts';

/** An authorization request that passed every check, and where to answer it. */
export interface ValidAuthorization {
  readonly client: Client;
  readonly target: ResponseTarget;
  readonly asked: AuthorizationRequest;
}

/** Finds the client and the redirect URI. What it throws is for a page: nothing may be redirected yet. */
export async function findTarget(
  { clients }: Pick<Actors, 'clients'>,
  issuer: string,
  parameters: Parameters,
  response: Response,
): Promise<{ client: Client; target: ResponseTarget }> {
  if (parameters.has('client_secret')) throw new InvalidRequest('A client secret must not be sent here');
  const client = await clients.ask({ type: 'get', clientId: required(parameters, 'client_id') });
  if (!client || client.disabledAt) throw new InvalidRequest('The client_id is unknown');
  contextOf(response).clientId = client.clientId;
  const redirectUri = chooseRedirectUri(parameters, client);
  return { client, target: { redirectUri, state: parameters.get('state'), issuer } };
}

/** Checks the rest of the request; answers what is wrong to the redirect URI, and then returns undefined. */
export function validateRequest(
  client: Client,
  target: ResponseTarget,
  parameters: Parameters,
  session: Session | null,
  response: Response,
): ValidAuthorization | undefined {
  try {
    return { client, target, asked: parseAuthorizationRequest(parameters, availableTo(session, client)) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    respondWithError(response, target, error);
    return undefined;
  }
}

/** The client with the scope that it can have for this person: nobody but an admin passes on an admin's rights. */
function availableTo(session: Session | null, client: Client): Client {
  if (session?.roles.includes('admin')) return client;
  return { ...client, scope: client.scope.filter((token) => !isAdminScope(token)) };
}

/** Issues a code for the person and sends the browser back with it. */
export async function authorize(
  { auth }: Pick<Actors, 'auth'>,
  response: Response,
  { client, target, asked }: ValidAuthorization,
  session: Session,
): Promise<void> {
  try {
    const code = await auth.ask({
      type: 'issueCode',
      clientId: client.clientId,
      userId: session.userId,
      redirectUri: target.redirectUri,
      scope: asked.scope,
      codeChallenge: asked.codeChallenge,
      nonce: asked.nonce,
      authenticatedAt: session.authenticatedAt,
    });
    respondWithCode(response, target, code.reveal());
  } catch (error) {
    // The person can reload our page; the client could only start over.
    if (!(error instanceof OAuthError) || error instanceof TemporarilyUnavailable) throw error;
    respondWithError(response, target, error);
  }
}

/**
 * Whether the person must be asked. An earlier consent counts only for a client whose identity is sure. What is found here is
 * looked at again when the code is redeemed: a consent may be withdrawn in between.
 */
export async function needsConsent(
  { auth }: Pick<Actors, 'auth'>,
  { client, target, asked }: ValidAuthorization,
  session: Session,
): Promise<boolean> {
  if (asked.prompts.includes('consent')) return true;
  if (!isIdentitySure(client, target.redirectUri)) return true;
  if (!restsOnConsent(client, target.redirectUri)) return false;
  const consented = await auth.ask({
    type: 'findConsent',
    userId: session.userId,
    clientId: client.clientId,
  });
  return !isWithin(asked.scope, consented);
}
