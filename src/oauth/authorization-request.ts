import { isPublic, type Client } from './client.ts';
import {
  InvalidRequest,
  RequestNotSupported,
  RequestUriNotSupported,
  UnauthorizedClient,
  UnsupportedResponseType,
} from './errors.ts';
import { required, type Parameters } from './parameters.ts';
import { isCodeChallenge } from './pkce.ts';
import { isRegisteredRedirectUri } from './redirect-uri.ts';
import { narrowScope, parseScope, type Scope } from './scope.ts';

const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const;
export type Prompt = (typeof PROMPTS)[number];

const MAX_NONCE_LENGTH = 512;

/** A valid authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), its scope narrowed to what the client may have. */
export interface AuthorizationRequest {
  readonly scope: Scope;
  readonly codeChallenge: string | null;
  readonly nonce: string | null;
  readonly prompts: readonly Prompt[];
  /** Seconds since the person last signed in that the client will accept. */
  readonly maxAgeSeconds: number | null;
  readonly loginHint: string | null;
}

/**
 * The redirect URI to answer to. Throws InvalidRequest if it is not registered: the error must then stay on our own page,
 * for a redirect would hand it to whoever wrote the link (RFC 9700 §4.11).
 */
export function chooseRedirectUri(parameters: Parameters, client: Client): string {
  const presented = parameters.get('redirect_uri');
  const [only, ...others] = client.redirectUris;
  if (presented === undefined) {
    if (only !== undefined && others.length === 0) return only;
    throw new InvalidRequest('The parameter redirect_uri is missing');
  }
  if (!isRegisteredRedirectUri(presented, client.redirectUris)) {
    throw new InvalidRequest('The redirect_uri is not registered for this client');
  }
  return presented;
}

/** Checks the rest of an authorization request; what it throws may be sent to the redirect URI. */
export function parseAuthorizationRequest(parameters: Parameters, client: Client): AuthorizationRequest {
  refuseUnsupported(parameters);
  if (!client.grantTypes.includes('authorization_code')) {
    throw new UnauthorizedClient('The client may not use the authorization code grant');
  }
  const scopeText = parameters.get('scope');
  const scope = narrowScope(scopeText === undefined ? undefined : parseScope(scopeText), client.scope);
  const nonce = parameters.get('nonce') ?? null;
  if (nonce !== null && nonce.length > MAX_NONCE_LENGTH) throw new InvalidRequest('The nonce is too long');
  return {
    scope,
    nonce,
    codeChallenge: codeChallengeOf(parameters, client, scope, nonce),
    prompts: promptsOf(parameters),
    maxAgeSeconds: maxAgeOf(parameters),
    loginHint: parameters.get('login_hint') ?? null,
  };
}

function refuseUnsupported(parameters: Parameters): void {
  if (parameters.has('request')) throw new RequestNotSupported('The parameter request is not supported');
  if (parameters.has('request_uri')) {
    throw new RequestUriNotSupported('The parameter request_uri is not supported');
  }
  if (required(parameters, 'response_type') !== 'code') {
    throw new UnsupportedResponseType('Only the response type code is supported');
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new InvalidRequest('Only the response mode query is supported');
  }
}

/** PKCE with S256 is asked of every client; without it, a nonce must bind the ID token instead (RFC 9700 §2.1.1). */
function codeChallengeOf(
  parameters: Parameters,
  client: Client,
  scope: Scope,
  nonce: string | null,
): string | null {
  const challenge = parameters.get('code_challenge');
  if (challenge === undefined) {
    if (parameters.has('code_challenge_method')) {
      throw new InvalidRequest('The parameter code_challenge is missing');
    }
    const lifted = !client.pkceRequired && !isPublic(client) && scope.includes('openid') && nonce !== null;
    if (lifted) return null;
    throw new InvalidRequest('PKCE is required: send a code_challenge with the method S256');
  }
  if (parameters.get('code_challenge_method') !== 'S256') {
    throw new InvalidRequest('The code_challenge_method must be S256');
  }
  if (!isCodeChallenge(challenge)) throw new InvalidRequest('The code_challenge is malformed');
  return challenge;
}

function promptsOf(parameters: Parameters): readonly Prompt[] {
  const asked = (parameters.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '');
  const prompts = PROMPTS.filter((prompt) => asked.includes(prompt));
  if (prompts.includes('none') && asked.length > 1) {
    throw new InvalidRequest('The prompt none excludes all others');
  }
  return prompts;
}

function maxAgeOf(parameters: Parameters): number | null {
  const text = parameters.get('max_age');
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidRequest('The max_age is not a number of seconds');
  return Number(text);
}
