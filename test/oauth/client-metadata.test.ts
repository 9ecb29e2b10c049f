import { describe, expect, test } from '@jest/globals';
import { clientMetadataResponse, parseClientMetadata } from '../../src/oauth/client-metadata.ts';
import { isPublic } from '../../src/oauth/client.ts';
import { InvalidClientMetadata, InvalidRedirectUri, OAuthError } from '../../src/oauth/errors.ts';
import { SeededRandom } from '../support/random.ts';

const REDIRECT = 'https://app.example/callback';

/** The error that a registration is refused with. */
function refusalOf(body: unknown): OAuthError {
  try {
    parseClientMetadata(body);
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
  throw new Error('the registration was accepted');
}

function isFields(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

test('a registration that says little gets what most clients need', () => {
  expect(parseClientMetadata({ redirect_uris: [REDIRECT] })).toEqual({
    clientName: 'Unnamed client',
    clientUri: null,
    redirectUris: [REDIRECT],
    grantTypes: ['authorization_code'],
    scope: ['openid', 'profile', 'email', 'offline_access'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    idTokenSignedResponseAlg: 'RS256',
  });
});

test('a registration that says all of it gets all of it, and the answer repeats it in the words of RFC 7591', () => {
  const body = {
    client_name: '  My App  ',
    client_uri: 'https://app.example/about',
    redirect_uris: [REDIRECT, 'http://127.0.0.1/callback'],
    grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
    response_types: ['code'],
    scope: 'read write',
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'ES256',
  };
  const metadata = parseClientMetadata(body);
  expect(clientMetadataResponse(metadata)).toEqual({
    ...body,
    client_name: 'My App',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  // What was answered can be registered again, and means the same.
  expect(parseClientMetadata(clientMetadataResponse(metadata))).toEqual(metadata);
});

test('a client of machines has no response types, and no address unless it gave one', () => {
  const metadata = parseClientMetadata({ grant_types: ['client_credentials'], scope: 'read' });
  expect(clientMetadataResponse(metadata)).toEqual({
    client_name: 'Unnamed client',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    scope: 'read',
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'RS256',
  });
});

describe('what cannot be had is left out', () => {
  test.each([
    [['authorization_code', 'implicit'], ['authorization_code']],
    [['password', 'refresh_token'], ['refresh_token']],
    [['implicit', 'password'], ['authorization_code']],
    [[], ['authorization_code']],
    [['refresh_token', 'refresh_token'], ['refresh_token']],
  ])('of the grant types %j', (asked, granted) => {
    expect(parseClientMetadata({ redirect_uris: [REDIRECT], grant_types: asked }).grantTypes).toEqual(
      granted,
    );
  });

  test.each([
    ['read admin write', ['read', 'write']],
    ['admin:clients read', ['read']],
    ['administrator', ['administrator']],
    ['', ['openid', 'profile', 'email', 'offline_access']],
    [' ', ['openid', 'profile', 'email', 'offline_access']],
  ])('of the scope %j', (asked, granted) => {
    expect(parseClientMetadata({ redirect_uris: [REDIRECT], scope: asked }).scope).toEqual(granted);
  });

  test.each(['admin', 'admin:read admin'])('but of the scope %j nothing would be left', (scope) => {
    expect(() => parseClientMetadata({ redirect_uris: [REDIRECT], scope })).toThrow(InvalidClientMetadata);
  });

  test('response types, policy and whatever else we do not know', () => {
    const body = {
      redirect_uris: [REDIRECT, REDIRECT],
      response_types: ['token', 'id_token'],
      first_party: true,
      firstParty: true,
      pkce_required: false,
      client_id: 'mine',
      client_secret: 'mine',
      jwks: { keys: [] },
      contacts: ['ada@example.com'],
    };
    const text = JSON.stringify(body).replace('{', '{"__proto__":{"scope":"admin","client_name":"x"},');
    expect(parseClientMetadata(JSON.parse(text))).toEqual(parseClientMetadata({ redirect_uris: [REDIRECT] }));
  });
});

describe('what makes no sense is refused', () => {
  test.each<[object, string]>([
    [{}, 'at least one URI'],
    [{ redirect_uris: [] }, 'at least one URI'],
    [{ redirect_uris: [], grant_types: ['authorization_code', 'client_credentials'] }, 'at least one URI'],
    [{ redirect_uris: ['http://app.example/cb'] }, 'redirect_uris[0] uses http'],
    [{ redirect_uris: [REDIRECT, `${REDIRECT}#x`] }, 'redirect_uris[1] has a fragment'],
    [{ redirect_uris: ['javascript:alert(1)'], grant_types: ['client_credentials'] }, 'redirect_uris[0]'],
    [{ redirect_uris: [''] }, 'redirect_uris[0]'],
  ])('%j as a redirect URI', (body, problem) => {
    const error = refusalOf(body);
    expect(error).toBeInstanceOf(InvalidRedirectUri);
    expect(error.message).toContain(problem);
  });

  test.each<[unknown, string]>([
    [undefined, 'The body'],
    [null, 'The body'],
    ['text', 'The body'],
    [[], 'The body'],
    [{ redirect_uris: REDIRECT }, 'redirect_uris'],
    [{ redirect_uris: [1] }, 'redirect_uris.0'],
    [{ redirect_uris: Array.from({ length: 51 }, (_, index) => `${REDIRECT}${index}`) }, 'redirect_uris'],
    [{ grant_types: 'client_credentials' }, 'grant_types'],
    [{ grant_types: ['password'] }, 'grant_types'],
    [{ grant_types: [] }, 'grant_types'],
    [{ grant_types: Array.from({ length: 21 }, () => 'client_credentials') }, 'grant_types'],
    [{ response_types: 'code' }, 'response_types'],
    [{ client_name: '' }, 'client_name'],
    [{ client_name: '   ' }, 'client_name'],
    [{ client_name: 'x'.repeat(201) }, 'client_name'],
    [{ client_name: 'a\0b' }, 'client_name'],
    [{ client_name: 'a\nb' }, 'client_name'],
    [{ client_name: 'a\u009bb' }, 'client_name'],
    [{ client_name: null }, 'client_name'],
    [{ client_uri: 'javascript:alert(1)' }, 'client_uri'],
    [{ client_uri: 'data:text/html,x' }, 'client_uri'],
    [{ client_uri: 'app.example' }, 'client_uri'],
    [{ client_uri: `https://app.example/${'x'.repeat(2048)}` }, 'client_uri'],
    [{ scope: ['read'] }, 'scope'],
    [{ scope: 'a"b' }, 'scope'],
    [{ scope: 'x'.repeat(4097) }, 'scope'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'client_secret_basic, client_secret_post, none'],
    [{ token_endpoint_auth_method: 'NONE' }, 'token_endpoint_auth_method'],
    [{ id_token_signed_response_alg: 'none' }, 'RS256, ES256'],
    [{ id_token_signed_response_alg: 'HS256' }, 'id_token_signed_response_alg'],
    [{ grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' }, 'without a secret'],
  ])('%j', (body, named) => {
    const error = refusalOf(
      isFields(body) ? { ...(!body.grant_types && { redirect_uris: [REDIRECT] }), ...body } : body,
    );
    expect(error).toBeInstanceOf(InvalidClientMetadata);
    expect(error.message).toContain(named);
  });

  test('and the answer repeats nothing of what was sent, and does not grow with it', () => {
    const marker = '<b>marker</b>';
    const bodies = [
      { redirect_uris: [marker] },
      { redirect_uris: [`https://${marker}/`] },
      { redirect_uris: { [marker]: 1 } },
      { redirect_uris: [REDIRECT], token_endpoint_auth_method: marker },
      { redirect_uris: [REDIRECT], client_uri: marker },
      { redirect_uris: [REDIRECT], scope: `"${marker}` },
      { redirect_uris: [REDIRECT], client_name: { [marker]: marker } },
      { redirect_uris: [REDIRECT], id_token_signed_response_alg: { toString: marker } },
      { grant_types: [marker] },
      { redirect_uris: Array.from({ length: 50 }, () => ({ [marker]: marker })) },
    ];
    for (const body of bodies) {
      const { message } = refusalOf(body);
      expect(message).not.toContain('marker');
      expect(message.length).toBeLessThan(500);
    }
  });
});

test('whatever JSON arrives is registered or refused, and never a bug', () => {
  const random = new SeededRandom(7591);
  const fields = ['redirect_uris', 'grant_types', 'scope', 'client_name', 'client_uri', 'response_types'];
  const value = (depth: number): unknown =>
    random.pick<() => unknown>([
      () => null,
      () => random.integer(10),
      () => random.text('a"\\:/ \0.#😀', random.integer(9)),
      () => REDIRECT,
      () => random.pick(['client_credentials', 'refresh_token', 'none', 'admin']),
      () => (depth > 2 ? [] : Array.from({ length: random.integer(4) }, () => value(depth + 1))),
      () => (depth > 2 ? {} : { [random.pick(fields)]: value(depth + 1) }),
    ])();
  let accepted = 0;
  for (let round = 0; round < 1000; round += 1) {
    const body = Object.fromEntries(
      Array.from({ length: random.integer(4) }, () => [random.pick(fields), value(0)]),
    );
    try {
      const metadata = parseClientMetadata({ redirect_uris: [REDIRECT], ...body });
      expect(parseClientMetadata(clientMetadataResponse(metadata))).toEqual(metadata);
      accepted += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(OAuthError);
    }
  }
  expect(accepted).toBeGreaterThan(50);
});

test('a client without a secret is public', () => {
  expect(isPublic({ tokenEndpointAuthMethod: 'none' })).toBe(true);
  expect(isPublic({ tokenEndpointAuthMethod: 'client_secret_basic' })).toBe(false);
  expect(isPublic({ tokenEndpointAuthMethod: 'client_secret_post' })).toBe(false);
});
