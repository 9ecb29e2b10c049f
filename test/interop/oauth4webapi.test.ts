import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';

const REDIRECT_URI = 'https://app.example/callback';
// eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated to stand out: the test server speaks http on loopback
const options = { [oauth.allowInsecureRequests]: true };

const SERVICE = { grant_types: ['client_credentials'], scope: 'read write' };

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(server.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...options, algorithm });
  return oauth.processDiscoveryResponse(issuer, response);
}

async function register(
  as: oauth.AuthorizationServer,
  metadata: Partial<oauth.Client>,
): Promise<oauth.OmitSymbolProperties<oauth.Client>> {
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, options);
  return oauth.processDynamicClientRegistrationResponse(response);
}

function authenticationOf(client: oauth.Client, method: string): oauth.ClientAuth {
  const secret = client.client_secret as string;
  if (method === 'none') return oauth.None();
  return method === 'client_secret_basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

/** The code flow through plain form posts; each answer goes through the library's own checks. */
async function obtainTokens(as: oauth.AuthorizationServer, client: oauth.Client, auth: oauth.ClientAuth) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint!);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).toString();
  const answer = await new Person(server.issuer).authorize(url.href, ADMIN);
  const parameters = oauth.validateAuthResponse(as, client, answer, state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    auth,
    parameters,
    REDIRECT_URI,
    verifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, response, options);
  return tokens;
}

/** What the library makes of an access token that came to a resource server (RFC 9068 §4). */
function validateAccessToken(as: oauth.AuthorizationServer, accessToken: string) {
  const headers = { authorization: `Bearer ${accessToken}` };
  const request = new Request('https://api.example/things', { headers });
  return oauth.validateJwtAccessToken(as, request, server.issuer, options);
}

test('oauth4webapi accepts both discovery documents', async () => {
  expect(await discover('oauth2')).toEqual(await discover('oidc'));
});

test.each(['client_secret_basic', 'client_secret_post', 'none'])(
  'oauth4webapi goes through every flow as a client that authenticates by %s',
  async (method) => {
    const as = await discover('oidc');
    const client = await register(as, {
      client_name: 'oauth4webapi',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: method,
    });
    expect(client).toMatchObject({ token_endpoint_auth_method: method, response_types: ['code'] });
    const auth = authenticationOf(client, method);
    const tokens = await obtainTokens(as, client, auth);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)!;
    expect(await validateAccessToken(as, tokens.access_token)).toMatchObject({
      client_id: client.client_id,
      sub,
    });

    const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, options);
    expect(await oauth.processUserInfoResponse(as, client, sub, userinfo)).toEqual({
      sub,
      preferred_username: ADMIN.username,
    });

    const again = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token!, options);
    const refreshed = await oauth.processRefreshTokenResponse(as, client, again);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);

    // A public client may not introspect; the resource server that it calls may.
    const observer = method === 'none' ? await register(as, SERVICE) : client;
    const observerAuth = method === 'none' ? authenticationOf(observer, 'client_secret_basic') : auth;
    const isActive = async (token: string) => {
      const response = await oauth.introspectionRequest(as, observer, observerAuth, token, options);
      return (await oauth.processIntrospectionResponse(as, observer, response)).active;
    };
    const issued = [tokens.access_token, refreshed.access_token, refreshed.refresh_token!];
    // A refresh token is nothing to anybody but the client that holds it.
    expect(await Promise.all(issued.map(isActive))).toEqual([true, true, observer === client]);
    const revocation = await oauth.revocationRequest(as, client, auth, refreshed.refresh_token!, options);
    await oauth.processRevocationResponse(revocation);
    expect(await Promise.all(issued.map(isActive))).toEqual([false, false, false]);

    const refused = await oauth.userInfoRequest(as, client, refreshed.access_token, options);
    const reading = oauth.processUserInfoResponse(as, client, sub, refused);
    await expect(reading).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  },
);

test('oauth4webapi gets a token for a service itself', async () => {
  const as = await discover('oauth2');
  const client = await register(as, SERVICE);
  const auth = authenticationOf(client, 'client_secret_basic');
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: 'read' }, options);
  const tokens = await oauth.processClientCredentialsResponse(as, client, response);
  expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read' });
  expect(tokens.refresh_token).toBeUndefined();
  expect(await validateAccessToken(as, tokens.access_token)).toMatchObject({
    sub: client.client_id,
    scope: 'read',
  });
});
