import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { Browser } from 'playwright-core';
import { browse, decide, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { startClientApp, type ClientApp } from '../support/client-app.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let browser: Browser;
let app: ClientApp;

beforeAll(async () => {
  [server, browser, app] = await Promise.all([
    startServer({ database: 'embedded' }),
    launchBrowser(),
    startClientApp(),
  ]);
});

afterAll(async () => {
  await Promise.all([browser.close(), app.close(), server.stop()]);
});

// eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated to stand out: the test server speaks http on loopback
const insecure = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

function register(metadata: Partial<client.ClientMetadata>): Promise<client.Configuration> {
  return client.dynamicClientRegistration(new URL(server.issuer), metadata, undefined, insecure);
}

/** The code flow in a real browser, as an application does it. */
async function obtainTokens(config: client.Configuration) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: app.redirectUri,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    max_age: '300',
  });
  const callback = app.nextCallback();
  await browse(browser, async (page) => {
    await page.goto(url.href);
    await signIn(page);
    await decide(page, 'Allow');
    await page.waitForURL(`${app.redirectUri}?**`);
  });
  return client.authorizationCodeGrant(config, await callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    maxAge: 300,
    idTokenExpected: true,
  });
}

async function expectVerified(
  tokens: { access_token: string; id_token?: string },
  idTokenAlg: string,
  clientId: string,
) {
  const jwks = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
  const access = await jwtVerify(tokens.access_token, jwks, {
    issuer: server.issuer,
    audience: server.issuer,
    typ: 'at+jwt',
  });
  expect(access.protectedHeader.alg).toBe('ES256');
  expect(access.payload).toMatchObject({ client_id: clientId, jti: expect.any(String) });
  const id = await jwtVerify(tokens.id_token!, jwks, { issuer: server.issuer, audience: clientId });
  expect(id.protectedHeader.alg).toBe(idTokenAlg);
  const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16);
  expect(id.payload).toMatchObject({ at_hash: half.toString('base64url'), auth_time: expect.any(Number) });
  expect(id.payload.sub).toBe(access.payload.sub);
}

test('openid-client discovers, registers, gets tokens through a browser, refreshes, introspects and revokes', async () => {
  const config = await register({
    client_name: 'openid-client',
    redirect_uris: [app.redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
  });
  const { client_id: clientId } = config.clientMetadata();
  const tokens = await obtainTokens(config);
  await expectVerified(tokens, 'RS256', clientId);

  const { sub } = tokens.claims()!;
  expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toEqual({
    sub,
    preferred_username: 'admin',
  });

  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token!);
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({
    active: true,
    sub,
  });
  await client.tokenRevocation(config, refreshed.refresh_token!);
  for (const token of [tokens.access_token, refreshed.access_token, refreshed.refresh_token!]) {
    expect(await client.tokenIntrospection(config, token)).toEqual({ active: false });
  }
  await expect(client.fetchUserInfo(config, refreshed.access_token, sub)).rejects.toThrow();
  await expect(client.refreshTokenGrant(config, refreshed.refresh_token!)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('a client that registers for ES256 gets its ID tokens so', async () => {
  const config = await register({
    redirect_uris: [app.redirectUri],
    grant_types: ['authorization_code'],
    id_token_signed_response_alg: 'ES256',
  });
  const tokens = await obtainTokens(config);
  expect(tokens.refresh_token).toBeUndefined();
  await expectVerified(tokens, 'ES256', config.clientMetadata().client_id);
});

test('a service that was registered before finds the server again and gets tokens for itself', async () => {
  const registered = await register({ grant_types: ['client_credentials'], scope: 'read write' });
  const { client_id: clientId, client_secret: secret } = registered.clientMetadata();
  const authentication = client.ClientSecretBasic(secret);
  const options = { ...insecure, algorithm: 'oauth2' as const };
  const config = await client.discovery(new URL(server.issuer), clientId, {}, authentication, options);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'read' });
  expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'read' });
  expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({
    active: true,
    scope: 'read',
  });
});
