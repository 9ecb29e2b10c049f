import { beforeAll, expect, test } from '@jest/globals';
import { parseAuthorizationRequest } from '../../src/oauth/authorization-request.ts';
import type { Client } from '../../src/oauth/client.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { parseParameters, required, type Parameters } from '../../src/oauth/parameters.ts';
import { parseTokenRequest } from '../../src/oauth/token-request.ts';
import { DocumentedServer } from '../support/documented.ts';
import { SeededRandom } from '../support/random.ts';
import { appWithout, whileServing } from '../support/stub-app.ts';

let server: DocumentedServer;

beforeAll(async () => {
  server = await whileServing(appWithout(new Error('nobody answers')), (base) => DocumentedServer.of(base));
});

type Form = Record<string, string>;

/** What a parameter may be in the trials; undefined: it is not there. */
type Values = Readonly<Record<string, readonly (string | undefined)[]>>;

const SCOPES = [
  undefined,
  '',
  ' ',
  'read',
  '  read  write ',
  'a'.repeat(128),
  'a'.repeat(129),
  'é',
  '"',
  '\\',
  'a\tb',
];
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const client: Client = {
  clientId: 'a-client',
  clientName: 'A client',
  clientUri: null,
  redirectUris: ['https://app.example/callback'],
  grantTypes: ['authorization_code'],
  // Whatever is asked for can be had: what is not available is no matter of form.
  scope: ['read', 'write', 'openid', 'a'.repeat(128)],
  tokenEndpointAuthMethod: 'client_secret_basic',
  idTokenSignedResponseAlg: 'RS256',
  firstParty: false,
  pkceRequired: true,
  createdAt: new Date(0),
  disabledAt: null,
};

function isAccepted(parse: (parameters: Parameters) => unknown, form: Form): boolean {
  try {
    parse(parseParameters(new URLSearchParams(form).toString()));
    return true;
  } catch (error) {
    if (error instanceof OAuthError) return false;
    throw error;
  }
}

function* formsOf(values: Values, count: number): Generator<Form> {
  const random = new SeededRandom(31);
  for (let trial = 0; trial < count; trial += 1) {
    const fields = Object.entries(values).map(([name, choices]) => [name, random.pick(choices)] as const);
    yield Object.fromEntries(fields.filter((field): field is [string, string] => field[1] !== undefined));
  }
}

/** Holds a form of the document against the parser of its endpoint, in forms good and bad. */
function expectAgreement(path: string, parse: (parameters: Parameters) => unknown, values: Values): void {
  const pointer = `/paths/${path.replaceAll('/', '~1')}/post/requestBody/content/application~1x-www-form-urlencoded/schema`;
  const counts = { true: 0, false: 0 };
  for (const form of formsOf(values, 4000)) {
    const accepted = isAccepted(parse, form);
    counts[`${accepted}`] += 1;
    expect([form, server.problemsAt(pointer, form).length === 0]).toEqual([form, accepted]);
  }
  // Neither side may be right by saying the same to everything.
  expect(Math.min(counts.true, counts.false)).toBeGreaterThan(100);
}

test('a token request is documented as it is parsed', () => {
  expectAgreement('/oauth/token', parseTokenRequest, {
    grant_type: ['authorization_code', 'refresh_token', 'client_credentials', 'password', '', undefined],
    code: ['a-code', '', undefined],
    refresh_token: ['a-token', '', undefined],
    redirect_uri: ['https://app.example/callback', '', undefined],
    code_verifier: ['a-verifier', undefined],
    scope: SCOPES,
    unknown: ['anything', undefined],
  });
});

test('what is asked about a token is documented as it is parsed', () => {
  const values = {
    token: ['a-token', ' ', '', undefined],
    token_type_hint: ['access_token', '?', undefined],
  };
  for (const path of ['/oauth/introspect', '/oauth/revoke']) {
    expectAgreement(path, (parameters) => required(parameters, 'token'), values);
  }
});

test('an authorization request is documented as it is parsed', () => {
  const parse = (parameters: Parameters) => {
    required(parameters, 'client_id');
    return parseAuthorizationRequest(parameters, client);
  };
  const mostly = (value: string) => Array.from({ length: 30 }, () => value);
  expectAgreement('/oauth/authorize', parse, {
    client_id: [...mostly('a-client'), '', undefined],
    response_type: [...mostly('code'), 'token', '', undefined],
    // Without it an admin must have lifted PKCE, which the form cannot tell.
    code_challenge: [...mostly(CHALLENGE), CHALLENGE.slice(1), `${CHALLENGE.slice(1)}+`],
    code_challenge_method: [...mostly('S256'), 'plain', 's256'],
    response_mode: ['query', '', undefined, undefined, undefined, 'fragment'],
    scope: [undefined, '', 'read', ' read  openid', 'a'.repeat(128), 'read "', 'read é'],
    nonce: [undefined, 'once', 'n'.repeat(512), 'n'.repeat(513)],
    max_age: [undefined, '', '0', '3600', '999999999', '1.5', '-1', '1e3'],
    prompt: [undefined, '', 'none', 'login consent', 'unknown'],
    state: [undefined, 'a state'],
  });
});
