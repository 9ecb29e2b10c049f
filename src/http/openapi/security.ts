import type { ZodOpenApiObject } from 'zod-openapi';
import { cookieName } from '../../middleware/cookies.ts';
import { BROWSER_COOKIE, CSRF_HEADER } from '../../middleware/csrf.ts';
import { SESSION_COOKIE } from '../../middleware/session.ts';
import { DEFAULT_SCOPE } from '../../oauth/scope.ts';
import { ADMIN_READ_SCOPE, ADMIN_SCOPE } from '../admin/access.ts';
import { PATHS } from '../metadata.ts';

type Components = NonNullable<ZodOpenApiObject['components']>;
type Requirements = Readonly<Record<string, string[]>>[];

/** A client's own credentials; in the body instead, or for a public client none, hence the empty alternative. */
export const CLIENT: Requirements = [{ clientBasic: [] }, {}];

/** The access token of a person who signed in. */
export const PERSON_TOKEN: Requirements = [{ oauth2: ['openid'] }, { bearer: [] }];

/** The initial access token, where registration is protected. */
export const REGISTRATION: Requirements = [{ bearer: [] }, {}];

/** A signed-in person's browser. */
export const SESSION: Requirements = [{ session: [] }];

/** A form of ours, from the browser that it was made for. */
export const FORM: Requirements = [{ browser: [] }];
export const SESSION_FORM: Requirements = [{ session: [], browser: [] }];

/** An admin, by token or by session; a session changes nothing without the token of a page of ours. */
export function adminSecurity(readOnly: boolean): Requirements {
  const change: Requirements = [{ oauth2: [ADMIN_SCOPE] }, { bearer: [] }];
  return readOnly
    ? [{ oauth2: [ADMIN_READ_SCOPE] }, ...change, { session: [] }]
    : [...change, { session: [], browser: [], csrf: [] }];
}

const SCOPE_DESCRIPTIONS: Readonly<Record<string, string>> = {
  openid: 'An ID token',
  profile: 'The name',
  email: 'The email address',
  offline_access: 'A refresh token',
  [ADMIN_READ_SCOPE]: 'Whatever the admin API shows',
  [ADMIN_SCOPE]: 'All of the admin API',
};

/** How a caller shows who it is, at the addresses of this very issuer. */
export function securitySchemes(issuer: string): NonNullable<Components['securitySchemes']> {
  const tokenUrl = issuer + PATHS.token;
  const person = Object.fromEntries(
    [...DEFAULT_SCOPE, ADMIN_READ_SCOPE, ADMIN_SCOPE].map((scope) => [
      scope,
      SCOPE_DESCRIPTIONS[scope] ?? scope,
    ]),
  );
  const machine = Object.fromEntries(
    [ADMIN_READ_SCOPE, ADMIN_SCOPE].map((scope) => [scope, SCOPE_DESCRIPTIONS[scope] ?? scope]),
  );
  return {
    oauth2: {
      type: 'oauth2',
      description: `Tokens of this server. The client needs the scope, and for the code flow in Swagger UI the redirect URI \`${issuer}${PATHS.swaggerRedirect}\`: \`stagedoor clients add --help\`.`,
      flows: {
        clientCredentials: { tokenUrl, scopes: machine },
        authorizationCode: {
          authorizationUrl: issuer + PATHS.authorize,
          tokenUrl,
          refreshUrl: tokenUrl,
          scopes: person,
        },
      },
    },
    bearer: { type: 'http', scheme: 'bearer', description: 'An access token that you already have' },
    clientBasic: {
      type: 'http',
      scheme: 'basic',
      description: 'client_id and client_secret, each form-encoded (RFC 6749 §2.3.1)',
    },
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: cookieName(issuer, SESSION_COOKIE),
      description: 'A browser in which a person has signed in',
    },
    browser: {
      type: 'apiKey',
      in: 'cookie',
      name: cookieName(issuer, BROWSER_COOKIE),
      description: 'The browser that a page of ours was sent to',
    },
    csrf: { type: 'apiKey', in: 'header', name: CSRF_HEADER, description: 'The token of a page of ours' },
  };
}
