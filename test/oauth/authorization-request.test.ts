import { describe, expect, test } from '@jest/globals';
import { chooseRedirectUri, parseAuthorizationRequest } from '../../src/oauth/authorization-request.ts';
import type { Client } from '../../src/oauth/client.ts';
import {
  InvalidRequest,
  InvalidScope,
  RequestNotSupported,
  RequestUriNotSupported,
  UnauthorizedClient,
  UnsupportedResponseType,
} from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const REDIRECT = 'https://app.example/callback';

function clientWith(changes: Partial<Client> = {}): Client {
  return {
    clientId: 'client-1',
    clientName: 'App',
    clientUri: null,
    redirectUris: [REDIRECT],
    grantTypes: ['authorization_code'],
    scope: ['openid', 'profile', 'read'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    idTokenSignedResponseAlg: 'RS256',
    firstParty: false,
    pkceRequired: true,
    createdAt: new Date(0),
    disabledAt: null,
    ...changes,
  };
}

/** Parses a valid request with some of its parameters changed; undefined leaves one out. */
function parse(changes: Record<string, string | undefined> = {}, client = clientWith()) {
  const parameters = {
    response_type: 'code',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  };
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return parseAuthorizationRequest(parseParameters(new URLSearchParams(given).toString()), client);
}

test('a request with the least there must be asks for all that the client may have', () => {
  expect(parse()).toEqual({
    scope: ['openid', 'profile', 'read'],
    codeChallenge: CHALLENGE,
    nonce: null,
    prompts: [],
    maxAgeSeconds: null,
    loginHint: null,
  });
});

test('a request with all there may be is understood, and what we do not know is ignored', () => {
  const request = parse({
    scope: 'read openid delete',
    nonce: 'n-0S6',
    prompt: 'consent login',
    max_age: '300',
    login_hint: 'ada@example.com',
    response_mode: 'query',
    state: 'any thing',
    resource: 'https://api.example',
    display: 'popup',
    ui_locales: 'fr',
    acr_values: '1',
    claims: '{}',
  });
  expect(request).toEqual({
    scope: ['read', 'openid'],
    codeChallenge: CHALLENGE,
    nonce: 'n-0S6',
    prompts: ['login', 'consent'],
    maxAgeSeconds: 300,
    loginHint: 'ada@example.com',
  });
});

describe('where to answer', () => {
  const choose = (presented: string | undefined, redirectUris: readonly string[]) =>
    chooseRedirectUri(
      parseParameters(
        new URLSearchParams(presented === undefined ? {} : { redirect_uri: presented }).toString(),
      ),
      clientWith({ redirectUris }),
    );

  test('is what was presented, if it is registered', () => {
    expect(choose(REDIRECT, [REDIRECT, 'https://b.example/'])).toBe(REDIRECT);
    expect(choose('http://127.0.0.1:5000/cb', ['http://127.0.0.1/cb'])).toBe('http://127.0.0.1:5000/cb');
  });

  test('is the one that is registered, if none was presented and there is no other', () => {
    expect(choose(undefined, [REDIRECT])).toBe(REDIRECT);
    expect(choose('', [REDIRECT])).toBe(REDIRECT);
  });

  test.each([
    [undefined, []],
    [undefined, [REDIRECT, 'https://b.example/']],
    [REDIRECT, []],
    [`${REDIRECT}/`, [REDIRECT]],
    ['https://evil.example/', [REDIRECT]],
    ['javascript:alert(1)', [REDIRECT]],
  ])('is nowhere for %j of %j', (presented, registered) => {
    expect(() => choose(presented, registered)).toThrow(InvalidRequest);
  });
});

describe('PKCE', () => {
  const exempt = clientWith({ pkceRequired: false });

  test.each<[string, Record<string, string | undefined>]>([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['no method, which would mean plain', { code_challenge_method: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
    ['the method in small letters', { code_challenge_method: 's256' }],
    ['a challenge that is too short', { code_challenge: CHALLENGE.slice(1) }],
    ['a challenge that is too long', { code_challenge: `${CHALLENGE}A` }],
    ['a challenge with padding', { code_challenge: `${CHALLENGE}=` }],
  ])('%s is refused', (_, changes) => {
    expect(() => parse(changes)).toThrow(InvalidRequest);
    expect(() => parse(changes, clientWith({ tokenEndpointAuthMethod: 'none' }))).toThrow(InvalidRequest);
  });

  const without = { code_challenge: undefined, code_challenge_method: undefined };

  test('may be left out by a confidential client that an admin exempted, if a nonce takes its place', () => {
    expect(parse({ ...without, nonce: 'n', scope: 'openid' }, exempt).codeChallenge).toBeNull();
  });

  test.each<[string, Record<string, string | undefined>, Client]>([
    ['without a nonce', { scope: 'openid' }, exempt],
    ['with an empty nonce', { scope: 'openid', nonce: '' }, exempt],
    ['without an ID token to carry the nonce', { scope: 'read', nonce: 'n' }, exempt],
    ['but names a method', { scope: 'openid', nonce: 'n', code_challenge_method: 'S256' }, exempt],
    ['but was not exempted', { scope: 'openid', nonce: 'n' }, clientWith()],
    [
      'but holds no secret',
      { scope: 'openid', nonce: 'n' },
      clientWith({ pkceRequired: false, tokenEndpointAuthMethod: 'none' }),
    ],
  ])('may not be left out by a client %s', (_, changes, client) => {
    expect(() => parse({ ...without, ...changes }, client)).toThrow(InvalidRequest);
  });

  test('is checked even where it may be left out', () => {
    expect(() => parse({ nonce: 'n', code_challenge_method: 'plain' }, exempt)).toThrow(InvalidRequest);
    expect(parse({ nonce: 'n' }, exempt).codeChallenge).toBe(CHALLENGE);
  });
});

describe('the scope', () => {
  test('is narrowed to what the client may have', () => {
    expect(parse({ scope: 'read admin' }).scope).toEqual(['read']);
    expect(parse({ scope: '' }).scope).toEqual(['openid', 'profile', 'read']);
  });

  test.each(['admin', 'delete write', ' ', 'a"b'])('%j leaves nothing, and is refused', (scope) => {
    expect(() => parse({ scope })).toThrow(InvalidScope);
  });

  test('of a client that may have nothing is refused', () => {
    expect(() => parse({}, clientWith({ scope: [] }))).toThrow(InvalidScope);
  });
});

describe('the prompt', () => {
  test.each([
    ['', []],
    ['none', ['none']],
    ['login', ['login']],
    ['login login', ['login']],
    ['select_account  consent', ['consent', 'select_account']],
    ['create', []],
    ['LOGIN', []],
  ])('%j means %j', (prompt, prompts) => {
    expect(parse({ prompt }).prompts).toEqual(prompts);
  });

  test.each(['none login', 'consent none', 'none unknown'])('%j contradicts itself', (prompt) => {
    expect(() => parse({ prompt })).toThrow(InvalidRequest);
  });
});

describe('the age of the login', () => {
  test.each([
    ['0', 0],
    ['3600', 3600],
    ['999999999', 999_999_999],
    ['', null],
  ])('%j means %j seconds', (max_age, seconds) => {
    expect(parse({ max_age }).maxAgeSeconds).toBe(seconds);
  });

  test.each(['-1', '1.5', '1e3', '0x10', ' 1', '1 ', 'abc', '1000000000', '١', 'Infinity'])(
    '%j is no number of seconds',
    (max_age) => {
      expect(() => parse({ max_age })).toThrow(InvalidRequest);
    },
  );
});

test.each<[string, Record<string, string | undefined>, new (description: string) => Error]>([
  ['a request object', { request: 'eyJ.eyJ.x' }, RequestNotSupported],
  ['a request by reference', { request_uri: 'https://app.example/r' }, RequestUriNotSupported],
  ['no response type', { response_type: undefined }, InvalidRequest],
  ['the response type token', { response_type: 'token' }, UnsupportedResponseType],
  ['a hybrid response type', { response_type: 'code id_token' }, UnsupportedResponseType],
  ['the response mode fragment', { response_mode: 'fragment' }, InvalidRequest],
  ['the response mode form_post', { response_mode: 'form_post' }, InvalidRequest],
  ['a nonce that is too long', { nonce: 'n'.repeat(513) }, InvalidRequest],
])('%s is refused, and the answer repeats nothing of it', (_, changes, error) => {
  expect(() => parse(changes)).toThrow(error);
  expect(() => parse(changes)).toThrow(/^[A-Z][A-Za-z _]+$/);
});

test('a nonce may be 512 characters long', () => {
  expect(parse({ nonce: 'n'.repeat(512) }).nonce).toHaveLength(512);
});

test('a client of machines has nobody to authorize it', () => {
  const client = clientWith({ grantTypes: ['client_credentials', 'refresh_token'] });
  expect(() => parse({}, client)).toThrow(UnauthorizedClient);
});
