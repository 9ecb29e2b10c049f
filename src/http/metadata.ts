import { GRANT_TYPES, TOKEN_ENDPOINT_AUTH_METHODS } from '../oauth/client.ts';
import { DEFAULT_SCOPE } from '../oauth/scope.ts';

/** Where the admin API lies. */
export const ADMIN_API = '/admin/api';

/** Where each endpoint is, below the issuer. */
export const PATHS = {
  authorize: '/oauth/authorize',
  decision: '/oauth/authorize/decision',
  token: '/oauth/token',
  introspect: '/oauth/introspect',
  revoke: '/oauth/revoke',
  userinfo: '/oauth/userinfo',
  register: '/clients/register',
  jwks: '/.well-known/jwks.json',
  openidConfiguration: '/.well-known/openid-configuration',
  serverMetadata: '/.well-known/oauth-authorization-server',
  login: '/auth/login',
  logout: '/auth/logout',
  account: '/account',
  changePassword: '/account/password',
  disconnectApp: '/account/apps/disconnect',
  endSession: '/account/sessions/end',
  endOtherSessions: '/account/sessions/end-others',
  endAllSessions: '/account/sessions/end-all',
  stylesheet: '/assets/stagedoor.css',
  openApi: '/api-docs/openapi.json',
  swaggerUi: '/swagger-ui',
  swaggerFile: '/swagger-ui/:file',
  swaggerRedirect: '/swagger-ui/oauth2-redirect.html',
} as const;

/**
 * The server's metadata (RFC 8414 §2, OpenID Connect Discovery §3). One document serves both paths; each field names
 * something that this server does.
 */
export function serverMetadata(
  issuer: string,
  registrationOffered: boolean,
): Readonly<Record<string, unknown>> {
  const confidential = TOKEN_ENDPOINT_AUTH_METHODS.filter((method) => method !== 'none');
  return {
    issuer,
    authorization_endpoint: issuer + PATHS.authorize,
    token_endpoint: issuer + PATHS.token,
    userinfo_endpoint: issuer + PATHS.userinfo,
    jwks_uri: issuer + PATHS.jwks,
    ...(registrationOffered && { registration_endpoint: issuer + PATHS.register }),
    introspection_endpoint: issuer + PATHS.introspect,
    revocation_endpoint: issuer + PATHS.revoke,
    scopes_supported: DEFAULT_SCOPE,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: GRANT_TYPES,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    token_endpoint_auth_methods_supported: TOKEN_ENDPOINT_AUTH_METHODS,
    introspection_endpoint_auth_methods_supported: confidential,
    revocation_endpoint_auth_methods_supported: TOKEN_ENDPOINT_AUTH_METHODS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    claims_supported: [
      'iss',
      'sub',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'at_hash',
      'name',
      'preferred_username',
      'email',
      'email_verified',
    ],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  };
}
