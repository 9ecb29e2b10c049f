import { z } from 'zod';
import { GRANT_TYPES, TOKEN_ENDPOINT_AUTH_METHODS } from '../../oauth/client.ts';
import { SIGNING_ALGORITHMS } from '../../oauth/jwt.ts';

const seconds = z.int().meta({ description: 'Seconds since 1970-01-01T00:00:00Z', example: 1769860800 });
const scope = z.string().meta({ description: 'Scope tokens between spaces', example: 'openid profile' });
const url = z.url();

/** The token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). */
export const tokens = z
  .object({
    access_token: z.string().meta({ description: 'A JWT (RFC 9068)' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds', example: 3600 }),
    scope,
    refresh_token: z.string().optional().meta({ description: 'If the client is registered for it' }),
    id_token: z.string().optional().meta({ description: 'With the scope openid: a JWT' }),
  })
  .meta({ id: 'Tokens' });

/** What introspection tells (RFC 7662 §2.2). */
export const introspection = z
  .union([
    z.object({ active: z.literal(false) }),
    z.object({
      active: z.literal(true),
      iss: url,
      sub: z.string(),
      client_id: z.string(),
      scope,
      exp: seconds,
      iat: seconds,
      token_type: z.literal('Bearer').optional().meta({ description: 'Of an access token' }),
      aud: url.optional(),
      jti: z.string().optional(),
    }),
  ])
  .meta({ id: 'Introspection' });

/** The claims of userinfo (OpenID Connect Core §5.3.2). */
export const userinfo = z
  .object({
    sub: z.uuid(),
    preferred_username: z.string().optional(),
    name: z.string().optional(),
    email: z.string().optional(),
    email_verified: z.boolean().optional(),
  })
  .meta({ id: 'Userinfo' });

/** A client as it was registered (RFC 7591 §3.2.1). */
export const clientInformation = z
  .object({
    client_id: z.string(),
    client_id_issued_at: seconds,
    client_secret: z.string().optional().meta({ description: 'Told this once; absent for a public client' }),
    client_secret_expires_at: z.literal(0).optional().meta({ description: 'It does not expire' }),
    client_name: z.string(),
    client_uri: url.optional(),
    redirect_uris: z.array(z.string()),
    grant_types: z.array(z.enum(GRANT_TYPES)),
    response_types: z.array(z.literal('code')),
    scope,
    token_endpoint_auth_method: z.enum(TOKEN_ENDPOINT_AUTH_METHODS),
    id_token_signed_response_alg: z.enum(SIGNING_ALGORITHMS),
  })
  .meta({ id: 'ClientInformation' });

const publishedKey = { kid: z.string(), use: z.literal('sig') };
const coordinate = z.string().meta({ description: 'base64url' });

/** The public keys (RFC 7517 §5, RFC 7518 §6). */
export const jwks = z
  .object({
    keys: z.array(
      z.union([
        z.object({
          ...publishedKey,
          kty: z.literal('EC'),
          alg: z.literal('ES256'),
          crv: z.literal('P-256'),
          x: coordinate,
          y: coordinate,
        }),
        z.object({
          ...publishedKey,
          kty: z.literal('RSA'),
          alg: z.literal('RS256'),
          n: coordinate,
          e: coordinate,
        }),
      ]),
    ),
  })
  .meta({ id: 'JsonWebKeySet' });

const names = z.array(z.string());

/** The server's metadata (RFC 8414 §2, OpenID Connect Discovery §3). */
export const metadata = z
  .object({
    issuer: url,
    authorization_endpoint: url,
    token_endpoint: url,
    userinfo_endpoint: url,
    jwks_uri: url,
    registration_endpoint: url.optional(),
    introspection_endpoint: url,
    revocation_endpoint: url,
    scopes_supported: names,
    response_types_supported: names,
    response_modes_supported: names,
    grant_types_supported: names,
    subject_types_supported: names,
    id_token_signing_alg_values_supported: names,
    token_endpoint_auth_methods_supported: names,
    introspection_endpoint_auth_methods_supported: names,
    revocation_endpoint_auth_methods_supported: names,
    code_challenge_methods_supported: names,
    authorization_response_iss_parameter_supported: z.boolean(),
    claims_supported: names,
    prompt_values_supported: names,
    request_parameter_supported: z.boolean(),
    request_uri_parameter_supported: z.boolean(),
    claims_parameter_supported: z.boolean(),
  })
  .meta({ id: 'ServerMetadata' });

/** Whether the process can serve. */
export const readiness = z
  .object({
    status: z.enum(['ready', 'not ready']),
    checks: z
      .record(z.string(), z.string())
      .meta({ description: '`ok`, or why not', example: { database: 'ok' } }),
  })
  .meta({ id: 'Readiness' });
