import { expect } from '@jest/globals';
import { authorizationUrl, REDIRECT_URI, type TestClient } from '../support/client.ts';
import type { DocumentedServer, Exchange } from '../support/documented.ts';

/** Asks and expects a status, beside being answered as documented. */
export async function expectAnswer(status: number, asking: Promise<Exchange>): Promise<any> {
  const { method, url, status: answered, text } = await asking;
  const words = answered === status ? '' : text.slice(0, 500);
  expect([method, url, answered, words]).toEqual([method, url, status, '']);
  return text.startsWith('{') && !text.includes('}\n{') ? JSON.parse(text) : text;
}

/** A client that may have everything that no admin must grant. */
export async function registered(api: DocumentedServer, metadata: object = {}): Promise<TestClient> {
  const json = {
    client_name: 'Every answer',
    client_uri: 'https://app.example',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: 'openid profile email offline_access read',
    ...metadata,
  };
  return expectAnswer(201, api.ask('POST', '/clients/register', { json }));
}

/** The credentials of a client in a form. */
export function credentials({ client_id, client_secret }: TestClient): Record<string, string> {
  return { client_id, ...(client_secret !== undefined && { client_secret }) };
}

/** The code flow of a new person's browser; resolves to the tokens. */
export async function tokensOf(api: DocumentedServer, client: TestClient): Promise<any> {
  const { url, verifier } = authorizationUrl(api.base, client);
  const code = (await api.person().authorize(url)).get('code')!;
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirect_uris[0]!,
  };
  return expectAnswer(200, api.ask('POST', '/oauth/token', { form: { ...credentials(client), ...form } }));
}

/** Everything that programs ask for, well and badly. Registration is closed at the one other server and protected at the other. */
export async function exerciseOauth(
  api: DocumentedServer,
  others: { readonly disabled: string; readonly protected: string },
): Promise<void> {
  const client = await registered(api);
  const tokens = await tokensOf(api, client);
  await exerciseTokenEndpoints(api, client, tokens);
  await exerciseUserinfo(api, client, tokens.access_token);

  const json = { redirect_uris: [REDIRECT_URI] };
  for (const body of ['{', '{"grant_types":"none"}', '{}']) {
    await expectAnswer(400, api.ask('POST', '/clients/register', { body }));
  }
  await expectAnswer(401, api.ask('POST', `${others.protected}/clients/register`, { json }));
  await expectAnswer(403, api.ask('POST', `${others.disabled}/clients/register`, { json }));
  await registered(api, { token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] });

  for (const path of ['openid-configuration', 'oauth-authorization-server', 'jwks.json']) {
    await expectAnswer(200, api.ask('GET', `/.well-known/${path}`));
  }
}

async function exerciseTokenEndpoints(api: DocumentedServer, client: TestClient, tokens: any): Promise<void> {
  const ask = (status: number, path: string, form: Record<string, string>) =>
    expectAnswer(status, api.ask('POST', path, { form: { ...credentials(client), ...form } }));
  const refreshed = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  await ask(200, '/oauth/token', refreshed);
  await ask(200, '/oauth/token', { grant_type: 'client_credentials', scope: 'read' });
  const refused: readonly Record<string, string>[] = [
    {},
    { grant_type: 'password' },
    { grant_type: 'authorization_code', code: 'unknown' },
    { grant_type: 'client_credentials', scope: 'more' },
  ];
  for (const form of refused) await ask(400, '/oauth/token', form);
  for (const token of [tokens.access_token, tokens.refresh_token, 'unknown']) {
    await ask(200, '/oauth/introspect', { token });
    await ask(200, '/oauth/revoke', { token });
    await ask(200, '/oauth/introspect', { token });
  }
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    await ask(400, path, {});
    await ask(401, path, { client_secret: 'wrong' });
  }
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/userinfo', '/api-docs/openapi.json']) {
    await expectAnswer(204, api.ask('OPTIONS', path, { headers: { origin: 'https://app.example' } }));
    await expectAnswer(405, api.ask('OPTIONS', path));
  }
}

async function exerciseUserinfo(api: DocumentedServer, client: TestClient, revoked: string): Promise<void> {
  const path = '/oauth/userinfo';
  const { access_token } = await tokensOf(api, client);
  const narrow = await tokensOf(api, { ...client, scope: 'read' });
  for (const method of ['GET', 'POST']) {
    const ask = (status: number, token?: string) =>
      expectAnswer(
        status,
        api.ask(method, path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      );
    await ask(200, access_token);
    await ask(401);
    await ask(401, revoked);
    await ask(403, narrow.access_token);
  }
  await expectAnswer(200, api.ask('POST', path, { form: { access_token } }));
  const twice = { headers: { authorization: `Bearer ${access_token}` }, form: { access_token } };
  await expectAnswer(400, api.ask('POST', path, twice));
}
