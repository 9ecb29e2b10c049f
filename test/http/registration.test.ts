import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { obtainTokens, post, REDIRECT_URI, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';

const REGISTRATION_TOKEN = 'initial-access-token-0123456789-abcdef';

/** A server for each mode; the one with the token also signs access tokens with RS256. */
let servers: Record<'open' | 'protected' | 'closed' | 'disabled', TestServer>;

beforeAll(async () => {
  const start = (env: Record<string, string>) => startServer({ env });
  const [open, withToken, closed, disabled] = await Promise.all([
    start({}),
    start({
      OAUTH2_CLIENT_REGISTRATION: '',
      OAUTH2_REGISTRATION_TOKEN: REGISTRATION_TOKEN,
      OAUTH2_ACCESS_TOKEN_ALGORITHM: 'RS256',
    }),
    start({ OAUTH2_CLIENT_REGISTRATION: 'protected' }),
    start({ OAUTH2_CLIENT_REGISTRATION: 'disabled', OAUTH2_REGISTRATION_TOKEN: REGISTRATION_TOKEN }),
  ]);
  servers = { open, protected: withToken, closed, disabled };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

async function register({ issuer }: TestServer, metadata: object, token?: string) {
  const response = await fetch(`${issuer}/clients/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(metadata),
  });
  const challenge = response.headers.get('www-authenticate');
  return {
    status: response.status,
    challenge,
    body: (await response.json()) as TestClient & { error?: string },
  };
}

const WEB_APP = { redirect_uris: [REDIRECT_URI] };

test('open registration takes all comers, disabled registration nobody', async () => {
  expect((await register(servers.open, WEB_APP)).status).toBe(201);
  for (const token of [undefined, REGISTRATION_TOKEN]) {
    expect(await register(servers.disabled, WEB_APP, token)).toMatchObject({
      status: 403,
      body: { error: 'access_denied' },
    });
  }
});

test('on a server’s database registration is protected unless set otherwise, and lets in the initial access token', async () => {
  const refused = {
    status: 401,
    body: { error: 'invalid_token' },
    challenge: expect.stringMatching(/^Bearer /),
  };
  for (const token of [undefined, 'another-token-0123456789-0123456789', REGISTRATION_TOKEN.slice(0, -1)]) {
    expect(await register(servers.protected, WEB_APP, token)).toMatchObject(refused);
  }
  expect((await register(servers.protected, WEB_APP, REGISTRATION_TOKEN)).status).toBe(201);
});

test('protected registration without a token that would open it says so in the log and refuses everybody', async () => {
  for (const token of [undefined, '', 'undefined', 'null']) {
    expect((await register(servers.closed, WEB_APP, token)).status).toBe(401);
  }
  const warning = 'OAUTH2_REGISTRATION_TOKEN is not set: protected client registration will refuse everybody';
  await eventually(() => servers.closed.output('stdout').includes(warning));
});

test('a client that names no scope may have the default one, and gets all of it when it asks for none', async () => {
  const { body } = await register(servers.open, { ...WEB_APP, grant_types: ['client_credentials'] });
  expect(body.scope).toBe('openid profile email offline_access');
  const answer = await post(`${servers.open.issuer}/oauth/token`, body, { grant_type: 'client_credentials' });
  expect([answer.status, answer.body.scope]).toEqual([200, body.scope]);
});

test('ID tokens are signed as the client registered, access tokens as the server is set', async () => {
  const cases = [
    [servers.open, undefined, 'RS256', 'ES256'],
    [servers.open, 'ES256', 'ES256', 'ES256'],
    [servers.protected, 'ES256', 'ES256', 'RS256'],
  ] as const;
  for (const [server, alg, idTokenAlg, accessTokenAlg] of cases) {
    const { issuer } = server;
    const metadata = { ...WEB_APP, ...(alg && { id_token_signed_response_alg: alg }) };
    const { body } = await register(server, metadata, REGISTRATION_TOKEN);
    expect(body).toMatchObject({ id_token_signed_response_alg: idTokenAlg });
    const tokens = await obtainTokens(issuer, body);
    expect(decodeProtectedHeader(tokens.id_token).alg).toBe(idTokenAlg);
    expect(decodeProtectedHeader(tokens.access_token).alg).toBe(accessTokenAlg);
    const jwks = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    const keys = createLocalJWKSet(jwks);
    await jwtVerify(tokens.id_token, keys, { issuer, audience: body.client_id });
    await jwtVerify(tokens.access_token, keys, { issuer, typ: 'at+jwt' });
  }
  const unknown = await register(servers.open, { ...WEB_APP, id_token_signed_response_alg: 'none' });
  expect(unknown).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
});
