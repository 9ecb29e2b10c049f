import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { introspect, obtainTokens, registerClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test('a resource server cannot take a refresh token for an access token', async () => {
  const client = await registerClient(server.issuer);
  const { refresh_token: token } = await obtainTokens(server.issuer, client);
  const resourceServer = await registerClient(server.issuer, {
    grant_types: ['client_credentials'],
    redirect_uris: [],
  });
  expect(await introspect(server.issuer, client, token)).toMatchObject({ active: true });
  expect(await introspect(server.issuer, resourceServer, token)).toEqual({ active: false });
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${server.issuer}/oauth/userinfo`, { headers })).status).toBe(401);
});
