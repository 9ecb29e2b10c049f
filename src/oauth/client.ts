import type { SigningAlgorithm } from './jwt.ts';
import type { Scope } from './scope.ts';
import type { Sources } from './sources.ts';

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

export const TOKEN_ENDPOINT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;
export type TokenEndpointAuthMethod = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number];

/** What a client registered: its metadata, in our spelling (RFC 7591 §2). */
export interface ClientMetadata {
  readonly clientName: string;
  readonly clientUri: string | null;
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly scope: Scope;
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod;
  readonly idTokenSignedResponseAlg: SigningAlgorithm;
}

/** What only an admin decides about a client. */
export interface ClientPolicy {
  /** Its users are not asked for consent: the client is the operator's own. */
  readonly firstParty: boolean;
  /** False only for one confidential client that cannot send PKCE; a nonce is then required (RFC 9700 §2.1.1). */
  readonly pkceRequired: boolean;
}

export interface Client extends ClientMetadata, ClientPolicy {
  readonly clientId: string;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/**
 * A new client_id: 128 random bits, base64url. It begins with no hyphen, which a command line would take for an option.
 */
export function newClientId(randomBytes: Sources['randomBytes']): string {
  return randomBytes(16).toString('base64url').replace(/^-/, '_');
}

/**
 * Whether what is sent to the address reaches nobody but the client: without a secret, any app on the device can be what
 * listens at a loopback address or behind a private scheme (RFC 8252 §8.6).
 */
export function isIdentitySure(
  client: Pick<Client, 'tokenEndpointAuthMethod'>,
  redirectUri: string,
): boolean {
  return !isPublic(client) || redirectUri.startsWith('https:');
}

/** Whether a code for the address is worth no more than the person's consent; an app of the operator's own needs none. */
export function restsOnConsent(
  client: Pick<Client, 'firstParty' | 'tokenEndpointAuthMethod'>,
  redirectUri: string,
): boolean {
  return !client.firstParty || !isIdentitySure(client, redirectUri);
}

/** A public client holds no secret (RFC 6749 §2.1). */
export function isPublic(client: Pick<Client, 'tokenEndpointAuthMethod'>): boolean {
  return client.tokenEndpointAuthMethod === 'none';
}
