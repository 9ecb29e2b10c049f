import { z } from 'zod';
import type { ZodOpenApiPathsObject, ZodOpenApiRequestBodyObject } from 'zod-openapi';
import { clientRegistration } from '../../oauth/client-metadata.ts';
import { PATHS } from '../metadata.ts';
import { clientInformation, introspection, jwks, metadata, tokens, userinfo } from './answer-schemas.ts';
import { ASKING, json, oauthErrors, PREFLIGHT, type Answers } from './answers.ts';
import { tokenForm, tokenToLookAt } from './request-schemas.ts';
import { CLIENT, PERSON_TOKEN, REGISTRATION } from './security.ts';

/** A form as a request body. */
export function form(schema: z.ZodType): ZodOpenApiRequestBodyObject {
  return { required: true, content: { 'application/x-www-form-urlencoded': { schema } } };
}

/** A script's question whether it may ask at an address. */
export function preflight(operationId: string, tag: string) {
  return {
    operationId,
    tags: [tag],
    summary: 'Ask whether a script of another origin may ask',
    security: [],
    responses: PREFLIGHT,
  };
}

const tokenEndpoints: ZodOpenApiPathsObject = {
  [PATHS.token]: {
    post: {
      operationId: 'issueTokens',
      tags: ['OAuth'],
      summary: 'Get tokens: for a code, for a refresh token, or for the client itself',
      description:
        'A parameter may be given once only. A refresh token works once and gives its successor (RFC 9700).',
      security: CLIENT,
      requestBody: form(tokenForm),
      responses: {
        '200': json('The tokens', tokens),
        ...oauthErrors(
          'invalid_request',
          'invalid_grant',
          'unauthorized_client',
          'unsupported_grant_type',
          'invalid_scope',
          'invalid_client',
        ),
        ...ASKING,
      },
    },
    options: preflight('mayScriptIssueTokens', 'OAuth'),
  },
  [PATHS.introspect]: {
    post: {
      operationId: 'introspectToken',
      tags: ['OAuth'],
      summary: 'Learn what a token is worth (RFC 7662)',
      description: 'For confidential clients. A refresh token is active for its own client alone.',
      security: CLIENT,
      requestBody: form(tokenToLookAt),
      responses: {
        '200': json('What the token is worth; unknown, expired and revoked look the same', introspection),
        ...oauthErrors('invalid_request', 'invalid_client'),
        ...ASKING,
      },
    },
  },
  [PATHS.revoke]: {
    post: {
      operationId: 'revokeOwnToken',
      tags: ['OAuth'],
      summary: 'Revoke a token of the client (RFC 7009)',
      description: 'A refresh token takes its grant along.',
      security: CLIENT,
      requestBody: form(tokenToLookAt),
      responses: {
        '200': json('The token is worth nothing, now or already before', z.object({})),
        ...oauthErrors('invalid_request', 'invalid_client'),
        ...ASKING,
      },
    },
    options: preflight('mayScriptRevokeOwnToken', 'OAuth'),
  },
};

const userinfoAnswers: Answers = {
  '200': json('What the scope lets the client know', userinfo),
  ...oauthErrors('invalid_token', 'insufficient_scope'),
  ...ASKING,
};

const userinfoEndpoint: ZodOpenApiPathsObject = {
  [PATHS.userinfo]: {
    get: {
      operationId: 'getUserinfo',
      tags: ['OpenID Connect'],
      summary: 'Learn who the person behind an access token is',
      security: PERSON_TOKEN,
      responses: userinfoAnswers,
    },
    post: {
      operationId: 'postUserinfo',
      tags: ['OpenID Connect'],
      summary: 'The same, with the access token in a form if need be (RFC 6750 §2.2)',
      security: [...PERSON_TOKEN, {}],
      requestBody: { ...form(z.looseObject({ access_token: z.string().optional() })), required: false },
      responses: { ...userinfoAnswers, ...oauthErrors('invalid_request') },
    },
    options: preflight('mayScriptGetUserinfo', 'OpenID Connect'),
  },
};

const registration: ZodOpenApiPathsObject = {
  [PATHS.register]: {
    post: {
      operationId: 'registerClient',
      tags: ['OAuth'],
      summary: 'Register a client (RFC 7591)',
      description:
        'Open to all, protected by an initial access token, or disabled, as the server is set. Metadata that it does not know are ignored; grant types and scopes that cannot be had are left out, and the answer says so.',
      security: REGISTRATION,
      requestBody: { required: true, content: { 'application/json': { schema: clientRegistration } } },
      responses: {
        '201': json('The client as it is registered', clientInformation),
        ...oauthErrors(
          'invalid_request',
          'invalid_client_metadata',
          'invalid_redirect_uri',
          'invalid_token',
          'access_denied',
        ),
        ...ASKING,
      },
    },
  },
};

function metadataAt(operationId: string, standard: string) {
  const answer = json('The metadata, the same at both addresses', metadata);
  return {
    get: {
      operationId,
      tags: ['Discovery'],
      summary: `What this server can do (${standard})`,
      security: [],
      responses: { '200': answer },
    },
  };
}

const discovery: ZodOpenApiPathsObject = {
  [PATHS.openidConfiguration]: metadataAt('getOpenidConfiguration', 'OpenID Connect Discovery'),
  [PATHS.serverMetadata]: metadataAt('getServerMetadata', 'RFC 8414'),
  [PATHS.jwks]: {
    get: {
      operationId: 'getJwks',
      tags: ['Discovery'],
      summary: 'The public keys that tokens are verified with (RFC 7517)',
      security: [],
      responses: { '200': json('The keys', jwks), ...ASKING },
    },
  },
};

/** What programs talk to. */
export const oauthPaths: ZodOpenApiPathsObject = {
  ...tokenEndpoints,
  ...userinfoEndpoint,
  ...registration,
  ...discovery,
};
