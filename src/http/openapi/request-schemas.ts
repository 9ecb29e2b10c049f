import { z } from 'zod';
import { CSRF_FIELD } from '../../middleware/csrf.ts';
import { GRANT_TYPES } from '../../oauth/client.ts';

/**
 * The forms of the OAuth endpoints. Their parsers work on raw parameters and not on these schemas, so a test holds the two
 * against each other. Parameters that nobody knows are ignored, and one without a value counts as omitted (RFC 6749 §3.1).
 */

const TOKEN = String.raw`[!#-\[\]-~]{1,128}`;

/** Nothing, or up to 64 scope tokens between spaces. */
const SCOPE = new RegExp(`^(?: *${TOKEN}(?: +${TOKEN}){0,63} *)?$`);

const given = z.string().min(1);
const perhaps = z.string().optional();

/** Authentication in the body, which HTTP Basic makes needless (RFC 6749 §2.3.1). */
const clientFields = {
  client_id: perhaps.meta({ description: 'Of a client that sends no HTTP Basic' }),
  client_secret: perhaps.meta({
    description: 'Of a confidential client that sends no HTTP Basic',
    format: 'password',
  }),
};

/** What each grant type needs besides, in the words of JSON Schema: one flat form is what Swagger UI can show. */
const NEEDS_OF_GRANT_TYPES = [
  { properties: { grant_type: { const: 'authorization_code' }, code: { minLength: 1 } }, required: ['code'] },
  {
    properties: {
      grant_type: { const: 'refresh_token' },
      refresh_token: { minLength: 1 },
      scope: { pattern: SCOPE.source },
    },
    required: ['refresh_token'],
  },
  { properties: { grant_type: { const: 'client_credentials' }, scope: { pattern: SCOPE.source } } },
];

/** A token request (RFC 6749 §4.1.3, §4.4.2, §6). */
export const tokenForm = z
  .looseObject({
    grant_type: z.enum(GRANT_TYPES),
    ...clientFields,
    code: perhaps.meta({ description: 'authorization_code: the code' }),
    redirect_uri: perhaps.meta({ description: 'authorization_code: as in the authorization request' }),
    code_verifier: perhaps.meta({
      description: 'authorization_code: what the code_challenge was made from',
    }),
    refresh_token: perhaps.meta({ description: 'refresh_token: the token, which works this once' }),
    scope: perhaps.meta({
      description: 'client_credentials and refresh_token: a part of what may be had',
      example: 'openid profile',
    }),
  })
  .meta({ id: 'TokenRequest', override: { anyOf: NEEDS_OF_GRANT_TYPES } });

/** A token and who asks about it (RFC 7662 §2.1, RFC 7009 §2.1). */
export const tokenToLookAt = z
  .looseObject({
    token: given.meta({ description: 'An access token or a refresh token' }),
    token_type_hint: perhaps.meta({ description: 'Not needed: each kind of token is known by its look' }),
    ...clientFields,
  })
  .meta({ id: 'PresentedToken' });

/** An authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). */
export const authorizationRequest = z
  .looseObject({
    client_id: given,
    response_type: z.literal('code'),
    redirect_uri: perhaps.meta({
      description: 'One that the client registered; needless if it registered only one',
    }),
    scope: z
      .string()
      .regex(SCOPE)
      .optional()
      .meta({ description: 'Scope tokens between spaces', example: 'openid profile' }),
    state: perhaps.meta({ description: 'Comes back as it is' }),
    code_challenge: z
      .string()
      .regex(/^[A-Za-z0-9\-_]{43}$/)
      .meta({
        description: 'The SHA-256 of the code_verifier, base64url. Optional only where an admin lifted PKCE',
      })
      .optional(),
    code_challenge_method: z.literal('S256').optional(),
    nonce: z.string().max(512).optional(),
    response_mode: z.enum(['query', '']).optional(),
    prompt: perhaps.meta({ description: '`none`, or any of `login`, `consent` and `select_account`' }),
    max_age: z
      .string()
      .regex(/^\d{0,9}$/)
      .optional()
      .meta({ description: 'Seconds since the person last signed in' }),
    login_hint: perhaps.meta({ description: 'A username' }),
    id_token_hint: perhaps.meta({ description: 'Of the person who is expected' }),
    resource: perhaps.meta({ description: 'Tolerated (RFC 8707)' }),
  })
  .meta({ id: 'AuthorizationRequest' });

/** What every form of a page of ours carries. */
export const csrfToken = { [CSRF_FIELD]: z.string().min(1).meta({ description: 'As the page has it' }) };
