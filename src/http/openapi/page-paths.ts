import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { PATHS } from '../metadata.ts';
import { accountPaths } from './account-paths.ts';
import { errorPages, htmlPage, redirection, wrongMethod } from './answers.ts';
import { form } from './oauth-paths.ts';
import { panelPaths } from './panel-paths.ts';
import { authorizationRequest, csrfToken } from './request-schemas.ts';
import { FORM, SESSION, SESSION_FORM } from './security.ts';

const tags = ['Pages'];
const ASKING_PAGE = errorPages(500, 503);

const credentials = z.looseObject({
  ...csrfToken,
  username: z.string(),
  password: z.string().meta({ format: 'password' }),
  return_to: z.string().optional().meta({ description: 'A page of this server' }),
});

const decision = authorizationRequest.extend({ ...csrfToken, decision: z.enum(['allow', 'deny']) });

const authorization: ZodOpenApiPathsObject = {
  [PATHS.authorize]: {
    get: {
      operationId: 'authorize',
      tags: ['OAuth'],
      summary: 'Ask a person for access (RFC 6749 §4.1.1)',
      description:
        'A browser comes here. The person signs in and allows; then the browser goes to the redirect URI with `code`, or `error`, and with `state` and `iss` (RFC 9207). What makes the redirect URI doubtful stays on a page here.',
      security: [...SESSION, {}],
      requestParams: { query: authorizationRequest },
      responses: {
        '200': htmlPage('The person is asked for consent'),
        ...redirection('On to the redirect URI with the answer, or to the login'),
        ...errorPages(400),
        ...ASKING_PAGE,
      },
    },
    head: {
      operationId: 'authorizeHead',
      tags: ['OAuth'],
      summary: 'Refused: a GET may issue a code, so no HEAD can stand for it',
      security: [],
      responses: wrongMethod(),
    },
    post: {
      operationId: 'postAuthorize',
      tags: ['OAuth'],
      summary: 'The same by a form (OpenID Connect Core §3.1.2.1)',
      security: [],
      requestBody: form(authorizationRequest),
      responses: { ...redirection('On to the same request by GET'), ...errorPages(400) },
    },
  },
  [PATHS.decision]: {
    post: {
      operationId: 'decide',
      tags: ['OAuth'],
      summary: 'What the person chose on the consent page',
      security: SESSION_FORM,
      requestBody: form(decision),
      responses: {
        ...redirection('On to the redirect URI with the answer, or to the login'),
        ...errorPages(400, 403),
        ...ASKING_PAGE,
      },
    },
  },
};

const login: ZodOpenApiPathsObject = {
  [PATHS.login]: {
    get: {
      operationId: 'showLogin',
      tags,
      summary: 'The login page',
      security: [],
      requestParams: { query: z.object({ return_to: z.string().optional() }) },
      responses: { '200': htmlPage('The page'), ...errorPages(400, 500) },
    },
    post: {
      operationId: 'logIn',
      tags,
      summary: 'Sign in',
      security: FORM,
      requestBody: form(credentials),
      responses: {
        ...redirection('Signed in'),
        ...errorPages(400, 403, 429),
        '401': htmlPage('The username and password do not match'),
        ...ASKING_PAGE,
      },
    },
  },
  [PATHS.logout]: {
    get: {
      operationId: 'showLogout',
      tags,
      summary: 'Ask whether to sign out',
      security: [...SESSION, {}],
      responses: { '200': htmlPage('The page'), ...ASKING_PAGE },
    },
    post: {
      operationId: 'logOut',
      tags,
      summary: 'Sign out',
      security: SESSION_FORM,
      requestBody: form(z.looseObject(csrfToken)),
      responses: { '200': htmlPage('Signed out'), ...errorPages(400, 403), ...ASKING_PAGE },
    },
  },
};

const others: ZodOpenApiPathsObject = {
  '/': {
    get: {
      operationId: 'start',
      tags,
      summary: 'The bare address',
      security: [],
      responses: redirection('To the account'),
    },
  },
  '/error': {
    get: {
      operationId: 'showError',
      tags,
      summary: 'Explain an error code, for apps that send people here',
      security: [],
      requestParams: { query: z.object({ error: z.string().optional() }) },
      responses: errorPages(400),
    },
  },
  [PATHS.stylesheet]: { get: asset('getStylesheet', 'The stylesheet of the pages', 'text/css') },
  '/favicon.ico': {
    get: {
      operationId: 'getFavicon',
      tags,
      summary: 'There is none, which is no error',
      security: [],
      responses: { '204': { description: 'None' } },
    },
  },
};

/** A file that pages need. */
export function asset(operationId: string, summary: string, mediaType: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags,
    summary,
    security: [],
    responses: { '200': { description: 'The file', content: { [mediaType]: { schema: z.string() } } } },
  };
}

/** What people see, and the addresses on the way. */
export const pagePaths: ZodOpenApiPathsObject = {
  ...authorization,
  ...login,
  ...accountPaths,
  ...panelPaths,
  ...others,
};
