import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { PATHS } from '../metadata.ts';
import { errorPages, htmlPage, redirection, type Answers } from './answers.ts';
import { form } from './oauth-paths.ts';
import { csrfToken } from './request-schemas.ts';
import { SESSION, SESSION_FORM } from './security.ts';

const tags = ['Pages'];
const ASKING_PAGE = errorPages(500, 503);

/** A page for a person who is signed in; others are led to the login. */
function signedIn(operationId: string, summary: string, query?: z.ZodObject): ZodOpenApiOperationObject {
  return {
    operationId,
    tags,
    summary,
    security: SESSION,
    ...(query && { requestParams: { query } }),
    responses: {
      '200': htmlPage('The page'),
      ...redirection('To the login, or back to the account'),
      ...(query && errorPages(400)),
      ...ASKING_PAGE,
    },
  };
}

/** What a form of such a page sends. */
function submitted(
  operationId: string,
  summary: string,
  fields: z.ZodRawShape = {},
  more: Answers = {},
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags,
    summary,
    security: SESSION_FORM,
    requestBody: form(z.looseObject({ ...csrfToken, ...fields })),
    responses: {
      ...redirection('Back to the account, which says what was done, or to the login'),
      ...errorPages(400, 403),
      ...more,
      ...ASKING_PAGE,
    },
  };
}

const app = { client_id: z.string().optional() };
const password = z.string().meta({ format: 'password' });
const passwords = { current_password: password, new_password: password, new_password_again: password };

/** The pages where people look after their accounts. */
export const accountPaths: ZodOpenApiPathsObject = {
  [PATHS.account]: {
    get: signedIn(
      'showAccount',
      "A person's account",
      z.object({ notice: z.string().optional().meta({ description: 'A code for what was done' }) }),
    ),
  },
  [PATHS.changePassword]: {
    get: {
      operationId: 'leavePassword',
      tags,
      summary: 'Where a browser comes back to that reloads the answer of the form',
      security: [],
      responses: redirection('To the account'),
    },
    post: submitted('changePassword', 'Change the password', passwords, errorPages(429)),
  },
  [PATHS.disconnectApp]: {
    get: signedIn('showDisconnect', 'Ask whether to disconnect an app', z.object(app)),
    post: submitted('disconnectApp', 'Disconnect an app', app),
  },
  [PATHS.endSession]: {
    post: submitted('endSession', 'End one of the sessions', { session_id: z.string().optional() }),
  },
  [PATHS.endOtherSessions]: { post: submitted('endOtherSessions', 'End the other sessions') },
  [PATHS.endAllSessions]: {
    get: signedIn('showEndAllSessions', 'Ask whether to sign out everywhere'),
    post: submitted('endAllSessions', 'Sign out everywhere'),
  },
};
