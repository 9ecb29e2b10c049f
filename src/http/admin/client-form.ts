import { z } from 'zod';
import {
  GRANT_TYPES,
  TOKEN_ENDPOINT_AUTH_METHODS,
  type ClientMetadata,
  type ClientPolicy,
} from '../../oauth/client.ts';
import { isPlainText } from '../../oauth/plain-text.ts';
import { redirectUriProblem } from '../../oauth/redirect-uri.ts';
import { DEFAULT_SCOPE, parseScope } from '../../oauth/scope.ts';
import { MAX_REDIRECT_URIS } from '../../oauth/client-metadata.ts';
import { SIGNING_ALGORITHMS } from '../../oauth/jwt.ts';

/** Each field with its own rule and a sentence for whoever breaks it. What contradicts what, the ClientActor says. */
const fields = {
  client_name: z
    .string('Give the client a name')
    .trim()
    .min(1, 'Give the client a name')
    .max(200, 'The name has at most 200 characters')
    .refine(isPlainText, 'The name contains a character that cannot be shown'),
  client_uri: z
    .url({ protocol: /^https?$/, error: 'It must be an http or https address' })
    .max(2048, 'The address has at most 2048 characters')
    .refine(isPlainText, 'The address contains a character that cannot be shown')
    .nullable(),
  redirect_uris: z
    .array(redirectUri(), 'It must be a list of addresses')
    .max(MAX_REDIRECT_URIS, `A client has at most ${MAX_REDIRECT_URIS} redirect URIs`),
  grant_types: z
    .array(z.enum(GRANT_TYPES, `A grant type is one of ${GRANT_TYPES.join(', ')}`))
    .min(1, 'Choose at least one grant type'),
  scope: z
    .string()
    .max(4096, 'The scope has at most 4096 characters')
    .refine(isScope, 'Scopes are separated by single spaces and hold no quotes or backslashes')
    .meta({ example: 'openid profile read', description: 'What the client may ask for, space-separated' }),
  token_endpoint_auth_method: z.enum(TOKEN_ENDPOINT_AUTH_METHODS),
  id_token_signed_response_alg: z.enum(SIGNING_ALGORITHMS),
  first_party: z.boolean().meta({ description: 'Its users are not asked for consent' }),
  pkce_required: z.boolean().meta({
    description: 'False only for a confidential client that cannot send PKCE; it must send a nonce then',
  }),
};

/** A new client. What is left out has the default that a registration has (RFC 7591 §2). */
export const clientForm = z
  .strictObject({
    ...fields,
    client_uri: fields.client_uri.default(null),
    redirect_uris: fields.redirect_uris.default([]),
    grant_types: fields.grant_types.default(['authorization_code']),
    scope: fields.scope.default(DEFAULT_SCOPE.join(' ')),
    token_endpoint_auth_method: fields.token_endpoint_auth_method.default('client_secret_basic'),
    id_token_signed_response_alg: fields.id_token_signed_response_alg.default('RS256'),
    first_party: fields.first_party.default(false),
    pkce_required: fields.pkce_required.default(true),
  })
  .meta({ id: 'NewClient' });

/** Changes to a client: what is left out stays. */
export const clientChanges = z.strictObject(fields).partial().meta({ id: 'ClientChanges' });

/** The form in the actors' words; what was left out is left out. */
export function clientFields(form: z.output<typeof clientChanges>): Partial<ClientMetadata & ClientPolicy> {
  return {
    ...(form.client_name !== undefined && { clientName: form.client_name }),
    ...(form.client_uri !== undefined && { clientUri: form.client_uri }),
    ...(form.redirect_uris && { redirectUris: [...new Set(form.redirect_uris)] }),
    ...(form.grant_types && { grantTypes: GRANT_TYPES.filter((type) => form.grant_types?.includes(type)) }),
    ...(form.scope !== undefined && { scope: parseScope(form.scope) }),
    ...(form.token_endpoint_auth_method && { tokenEndpointAuthMethod: form.token_endpoint_auth_method }),
    ...(form.id_token_signed_response_alg && { idTokenSignedResponseAlg: form.id_token_signed_response_alg }),
    ...(form.first_party !== undefined && { firstParty: form.first_party }),
    ...(form.pkce_required !== undefined && { pkceRequired: form.pkce_required }),
  };
}

function redirectUri() {
  return z
    .string()
    .check(({ value, issues }) => {
      const problem = redirectUriProblem(value);
      if (problem !== undefined) {
        issues.push({ code: 'custom', message: `The redirect URI ${problem}`, input: value });
      }
    })
    .meta({ example: 'https://app.example/callback' });
}

function isScope(text: string): boolean {
  try {
    return parseScope(text).length > 0;
  } catch {
    return false;
  }
}
