import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { introspect, obtainTokens, post, refresh, registerClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

test('a code leads to tokens, the refresh token to more, and revoking it ends them all', async () => {
  const { issuer } = server;
  const client = await registerClient(issuer);
  const tokens = await obtainTokens(issuer, client);
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: client.scope });
  expect(await introspect(issuer, client, tokens.access_token)).toMatchObject({
    active: true,
    client_id: client.client_id,
  });

  const refreshed = await refresh(issuer, client, tokens.refresh_token);
  expect(refreshed.status).toBe(200);
  expect(refreshed.body.refresh_token).not.toBe(tokens.refresh_token);

  const revoked = await post(`${issuer}/oauth/revoke`, client, { token: refreshed.body.refresh_token });
  expect(revoked).toMatchObject({ status: 200, body: {} });
  for (const token of [tokens.access_token, refreshed.body.access_token, refreshed.body.refresh_token]) {
    expect(await introspect(issuer, client, token)).toEqual({ active: false });
  }
  expect((await refresh(issuer, client, refreshed.body.refresh_token)).body.error).toBe('invalid_grant');
});
