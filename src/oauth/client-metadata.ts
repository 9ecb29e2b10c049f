import { z } from 'zod';
import { GRANT_TYPES, isPublic, TOKEN_ENDPOINT_AUTH_METHODS } from './client.ts';
import type { ClientMetadata, ClientPolicy, GrantType } from './client.ts';
import { InvalidClientMetadata, InvalidRedirectUri, type FieldProblem } from './errors.ts';
import { redirectUriProblem } from './redirect-uri.ts';
import { DEFAULT_SCOPE, formatScope, isAdminScope, parseScope, type Scope } from './scope.ts';

export const MAX_REDIRECT_URIS = 50;

/** A NUL is what PostgreSQL takes in no text; the others have no place in what a person is shown. */
const NO_CONTROL = [/^\P{Cc}*$/u, 'contains a control character'] as const;

/** A registration request (RFC 7591 §2). Metadata that we do not know is ignored, as the RFC asks. */
export const clientRegistration = z
  .object({
    redirect_uris: z.array(z.string()).max(MAX_REDIRECT_URIS).default([]),
    token_endpoint_auth_method: z.enum(TOKEN_ENDPOINT_AUTH_METHODS).default('client_secret_basic'),
    grant_types: z.array(z.string().max(200)).max(20).default(['authorization_code']),
    response_types: z.array(z.string().max(200)).max(20).optional(),
    client_name: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(...NO_CONTROL)
      .default('Unnamed client'),
    client_uri: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .regex(...NO_CONTROL)
      .optional(),
    scope: z.string().max(4096).optional(),
    id_token_signed_response_alg: z.enum(['RS256', 'ES256']).default('RS256'),
  })
  .meta({ id: 'ClientRegistration' });

/**
 * Reads a registration request. Grant types and scopes that cannot be had are left out of what is granted,
 * and the answer says so (RFC 7591 §2); what makes no sense is refused.
 * Throws InvalidClientMetadata or InvalidRedirectUri.
 */
export function parseClientMetadata(body: unknown): ClientMetadata {
  const parsed = clientRegistration.safeParse(body);
  if (!parsed.success) throw new InvalidClientMetadata(describe(parsed.error));
  const asked = parsed.data;
  const grantTypes = grantTypesOf(asked.grant_types, asked.redirect_uris);
  const metadata: ClientMetadata = {
    clientName: asked.client_name,
    clientUri: asked.client_uri ?? null,
    redirectUris: [...new Set(asked.redirect_uris)],
    grantTypes,
    scope: scopeOf(asked.scope),
    tokenEndpointAuthMethod: asked.token_endpoint_auth_method,
    idTokenSignedResponseAlg: asked.id_token_signed_response_alg,
  };
  refuseContradictions(metadata);
  return metadata;
}

/** The registered metadata as the wire spells it (RFC 7591 §3.2.1). */
export function clientMetadataResponse(metadata: ClientMetadata): Readonly<Record<string, unknown>> {
  return {
    client_name: metadata.clientName,
    ...(metadata.clientUri !== null && { client_uri: metadata.clientUri }),
    redirect_uris: metadata.redirectUris,
    grant_types: metadata.grantTypes,
    response_types: metadata.grantTypes.includes('authorization_code') ? ['code'] : [],
    scope: formatScope(metadata.scope),
    token_endpoint_auth_method: metadata.tokenEndpointAuthMethod,
    id_token_signed_response_alg: metadata.idTokenSignedResponseAlg,
  };
}

function grantTypesOf(asked: readonly string[], redirectUris: readonly string[]): readonly GrantType[] {
  const granted = GRANT_TYPES.filter((type) => asked.includes(type));
  if (granted.length > 0) return granted;
  if (redirectUris.length > 0) return ['authorization_code'];
  throw new InvalidClientMetadata('None of the requested grant_types is supported');
}

function scopeOf(asked: string | undefined): Scope {
  if (asked === undefined || asked.trim() === '') return DEFAULT_SCOPE;
  let scope: Scope;
  try {
    scope = parseScope(asked).filter((token) => !isAdminScope(token));
  } catch (cause) {
    throw new InvalidClientMetadata('scope is malformed', { cause });
  }
  if (scope.length === 0) throw new InvalidClientMetadata('scope names nothing that a registration may have');
  return scope;
}

/** Where fields that are right by themselves contradict each other. */
function contradictionsOf({
  redirectUris,
  grantTypes,
  tokenEndpointAuthMethod,
}: ClientMetadata): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0) {
    const message = 'redirect_uris must name at least one URI for the grant type authorization_code';
    problems.push({ field: 'redirect_uris', message });
  }
  if (grantTypes.includes('client_credentials') && tokenEndpointAuthMethod === 'none') {
    const message = 'A client without a secret cannot use the grant type client_credentials';
    problems.push({ field: 'grant_types', message });
  }
  return problems;
}

/** The same for all of a client, with what an admin decides. */
export function clientContradictionsOf(client: ClientMetadata & ClientPolicy): readonly FieldProblem[] {
  const problems = contradictionsOf(client);
  if (!isPublic(client) || client.pkceRequired) return problems;
  return [...problems, { field: 'pkce_required', message: 'A public client must use PKCE' }];
}

function refuseContradictions(metadata: ClientMetadata): void {
  for (const [index, uri] of metadata.redirectUris.entries()) {
    const problem = redirectUriProblem(uri);
    if (problem !== undefined) throw new InvalidRedirectUri(`redirect_uris[${index}] ${problem}`);
  }
  for (const { field, message } of contradictionsOf(metadata)) {
    throw field === 'redirect_uris' ? new InvalidRedirectUri(message) : new InvalidClientMetadata(message);
  }
}

/** Names each field with what is expected of it, and repeats nothing of what was sent. */
function describe(error: z.ZodError): string {
  const problems = error.issues.slice(0, 5).map((issue) => {
    const field = issue.path.join('.') || 'The body';
    return issue.code === 'invalid_value'
      ? `${field} must be one of ${issue.values.join(', ')}`
      : `${field}: ${issue.message}`;
  });
  return problems.join('; ');
}
