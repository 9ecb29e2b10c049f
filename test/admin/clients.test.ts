import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminBySession, type AdminCaller } from '../support/admin.ts';
import { introspect, obtainTokens, post, refresh, registerClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: AdminCaller;

beforeAll(async () => {
  server = await startServer();
  admin = await adminBySession(server);
});
afterAll(() => server.stop());

const create = async (fields: object = {}) => {
  const answer = await admin.call('POST', '/clients', {
    client_name: 'Machine',
    grant_types: ['client_credentials'],
    scope: 'read write',
    ...fields,
  });
  expect(answer.status).toBe(201);
  return {
    client_id: answer.body.client.client_id as string,
    client_secret: answer.body.client_secret as string,
    redirect_uris: answer.body.client.redirect_uris as string[],
    scope: answer.body.client.scope as string,
    answer,
  };
};
type Created = Awaited<ReturnType<typeof create>>;

const tokenOf = (client: Pick<Created, 'client_id' | 'client_secret'>) =>
  post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });

test('a client is registered, gets a token, is listed, and its token is revoked', async () => {
  const client = await create();
  expect(client.answer.headers.get('location')).toBe(`/admin/api/clients/${client.client_id}`);
  expect(client.answer.headers.get('etag')).toBe('"1"');
  const { body } = await tokenOf(client);
  expect((await introspect(server.issuer, client, body.access_token)).active).toBe(true);
  const { items } = (await admin.call('GET', `/tokens?client_id=${client.client_id}`)).body;
  expect(items).toEqual([
    expect.objectContaining({
      client_id: client.client_id,
      client_name: 'Machine',
      username: null,
      user_id: null,
      grant_id: null,
      scope: 'read write',
      status: 'active',
    }),
  ]);
  expect((await admin.call('POST', `/tokens/${items[0].token_id}/revoke`)).status).toBe(204);
  expect((await introspect(server.issuer, client, body.access_token)).active).toBe(false);
  const after = (await admin.call('GET', `/tokens?client_id=${client.client_id}`)).body;
  expect(after.items).toMatchObject([{ status: 'revoked' }]);
  expect((await admin.call('POST', `/tokens/${items[0].token_id}/revoke`)).status).toBe(404);
});

test('what is left out has its default', async () => {
  const answer = await admin.call('POST', '/clients', {
    client_name: 'An app',
    redirect_uris: ['https://app.example/callback'],
  });
  expect(answer.body.client).toMatchObject({
    client_name: 'An app',
    client_uri: null,
    grant_types: ['authorization_code'],
    scope: 'openid profile email offline_access',
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'RS256',
    first_party: false,
    pkce_required: true,
    disabled_at: null,
  });
});

test.each([
  [{}, 'client_name', 'Give the client a name'],
  [{ client_name: ' ' }, 'client_name', 'Give the client a name'],
  [
    { redirect_uris: ['https://good.example/', 'https://app.example/#x'] },
    'redirect_uris.1',
    'The redirect URI has a fragment',
  ],
  [
    { redirect_uris: ['http://app.example/'] },
    'redirect_uris.0',
    'The redirect URI uses http on a host that is not this machine; use https',
  ],
  [{ redirect_uris: ['https://*.example/'] }, 'redirect_uris.0', /wildcard/],
  [{ redirect_uris: 'https://app.example/' }, 'redirect_uris', 'It must be a list of addresses'],
  [{ redirect_uris: [] }, 'redirect_uris', /at least one URI/],
  [{ grant_types: [] }, 'grant_types', 'Choose at least one grant type'],
  [{ grant_types: ['password'] }, 'grant_types.0', /one of authorization_code, refresh_token/],
  [
    { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' },
    'grant_types',
    /without a secret/,
  ],
  [{ client_uri: 'javascript:alert(1)' }, 'client_uri', 'It must be an http or https address'],
  [{ scope: 'a "b"' }, 'scope', /no quotes/],
  [
    { token_endpoint_auth_method: 'none', pkce_required: false, redirect_uris: ['https://app.example/'] },
    'pkce_required',
    'A public client must use PKCE',
  ],
  [{ redirect_uri: 'https://app.example/' }, 'redirect_uri', 'There is no such field'],
  [{ client_name: 'a\0b' }, 'client_name', /cannot be shown/],
  [{ client_name: 'a\ud800b' }, 'client_name', /cannot be shown/],
  [{ client_uri: 'http://a/\u0001b' }, 'client_uri', /cannot be shown/],
])('a mistake is explained at its field: %j', async (fields, field, message) => {
  const body = Object.keys(fields).length === 0 ? {} : { client_name: 'A client', ...fields };
  const answer = await admin.call('POST', '/clients', body);
  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({
    error: 'unprocessable_content',
    status: 422,
    title: 'Unprocessable Content',
  });
  expect(answer.body.errors).toContainEqual({
    field,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
});

test('a body that is no JSON, or none, is told so', async () => {
  const response = await fetch(`${server.issuer}/admin/api/clients`, { method: 'POST', body: '{' });
  expect(response.status).toBe(401);
  expect(await admin.call('POST', '/clients')).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', detail: 'The body must be application/json' },
  });
});

test('a change names the version that it saw, and who comes too late changes nothing', async () => {
  const { client_id } = await create();
  const path = `/clients/${client_id}`;
  expect(await admin.call('PATCH', path, { client_name: 'New' })).toMatchObject({
    status: 428,
    body: { error: 'precondition_required' },
  });
  const read = await admin.call('GET', path);
  expect(read.headers.get('etag')).toBe('"1"');
  const first = await admin.call('PATCH', path, { client_name: 'First' }, { 'if-match': '"1"' });
  expect(first.status).toBe(200);
  expect(first.headers.get('etag')).toBe('"2"');
  expect(first.body).toMatchObject({ client_name: 'First', scope: 'read write' });
  expect(await admin.call('PATCH', path, { client_name: 'Second' }, { 'if-match': '"1"' })).toMatchObject({
    status: 412,
    body: { error: 'precondition_failed' },
  });
  expect((await admin.call('GET', path)).body.client_name).toBe('First');
  const any = await admin.call('PATCH', path, { client_name: 'Third' }, { 'if-match': '*' });
  expect(any.body.client_name).toBe('Third');
});

test.each(['"7"', 'W/"1"', '"abc"', '1', '"9999999999"'])('If-Match: %s matches no version', async (tag) => {
  const { client_id } = await create();
  const path = `/clients/${client_id}`;
  expect((await admin.call('PATCH', path, { client_name: 'X' }, { 'if-match': tag })).status).toBe(412);
  expect((await admin.call('DELETE', path, undefined, { 'if-match': tag })).status).toBe(412);
  expect((await admin.call('PATCH', path, { client_name: 'Y' }, { 'if-match': `${tag}, "1"` })).status).toBe(
    200,
  );
  expect((await admin.call('DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204);
});

test('changes at once that name no version are all made', async () => {
  const { client_id } = await create();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      admin.call('PATCH', `/clients/${client_id}`, { client_name: `Name ${index}` }, { 'if-match': '*' }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(200));
  expect((await admin.call('GET', `/clients/${client_id}`)).headers.get('etag')).toBe('"9"');
});

test('of changes at once exactly one is made', async () => {
  const { client_id } = await create();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      admin.call('PATCH', `/clients/${client_id}`, { client_name: `Name ${index}` }, { 'if-match': '"1"' }),
    ),
  );
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, ...Array<number>(7).fill(412)]);
});

test('a change counts from the next request on', async () => {
  const client = await create();
  expect((await tokenOf(client)).status).toBe(200);
  const path = `/clients/${client.client_id}`;
  expect((await admin.call('PATCH', path, { scope: 'read' }, { 'if-match': '*' })).status).toBe(200);
  expect((await tokenOf(client)).body.scope).toBe('read');
  const contradiction = { redirect_uris: [], grant_types: ['authorization_code'] };
  expect((await admin.call('PATCH', path, contradiction, { 'if-match': '*' })).status).toBe(422);
});

test('a secret is rotated while both work', async () => {
  const client = await create();
  const path = `/clients/${client.client_id}/secrets`;
  await tokenOf(client);
  const added = await admin.call('POST', path, {});
  expect(added.status).toBe(201);
  const renewed = { ...client, client_secret: added.body.client_secret as string };
  expect((await tokenOf(client)).status).toBe(200);
  expect((await tokenOf(renewed)).status).toBe(200);
  const { items } = (await admin.call('GET', path)).body;
  expect(items).toHaveLength(2);
  expect(JSON.stringify(items)).not.toContain(renewed.client_secret);
  const old = items.find((one: any) => one.secret_id !== added.body.secret.secret_id);
  const expired = await admin.call('POST', `${path}/${old.secret_id}/expire`, {});
  expect(expired.body).toMatchObject({ secret_id: old.secret_id, live: false });
  expect((await tokenOf(client)).status).toBe(401);
  expect((await tokenOf(renewed)).status).toBe(200);
  expect((await admin.call('POST', `${path}/${crypto.randomUUID()}/expire`, {})).status).toBe(404);
  expect((await admin.call('POST', path, { expires_at: 'tomorrow' })).body.errors).toEqual([
    { field: 'expires_at', message: 'It must be a time such as 2026-01-31T12:00:00Z' },
  ]);
});

test('a public client has no secret, and nobody has too many', async () => {
  const app = await create({
    grant_types: ['authorization_code'],
    redirect_uris: ['https://app.example/callback'],
    token_endpoint_auth_method: 'none',
  });
  expect(app.client_secret).toBeNull();
  expect(await admin.call('POST', `/clients/${app.client_id}/secrets`, {})).toMatchObject({ status: 409 });
  const machine = await create();
  for (let count = 1; count < 20; count += 1) {
    await admin.call('POST', `/clients/${machine.client_id}/secrets`, {});
  }
  expect((await admin.call('POST', `/clients/${machine.client_id}/secrets`, {})).status).toBe(409);
});

test('a client is disabled and enabled; its tokens stay revoked', async () => {
  const client = await create();
  const { access_token } = (await tokenOf(client)).body;
  const disabled = await admin.call('POST', `/clients/${client.client_id}/disable`);
  expect(disabled.body.disabled_at).toEqual(expect.any(String));
  expect((await tokenOf(client)).status).toBe(401);
  const enabled = await admin.call('POST', `/clients/${client.client_id}/enable`);
  expect(enabled.body.disabled_at).toBeNull();
  expect((await introspect(server.issuer, client, access_token)).active).toBe(false);
});

test('a deleted client takes its tokens, grants and consents along', async () => {
  const witness = await create();
  const app = await create({
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://app.example/callback'],
    scope: 'openid read',
  });
  const tokens = await obtainTokens(server.issuer, app);
  const grants = await admin.call('GET', `/grants?client_id=${app.client_id}`);
  expect(grants.body.items).toMatchObject([
    { scope: 'openid read', refreshable: true, status: 'active', client_name: 'Machine', username: 'admin' },
  ]);
  expect((await admin.call('DELETE', `/clients/${app.client_id}`)).status).toBe(204);
  expect((await admin.call('GET', `/clients/${app.client_id}`)).status).toBe(404);
  expect((await admin.call('DELETE', `/clients/${app.client_id}`)).status).toBe(404);
  expect((await refresh(server.issuer, app, tokens.refresh_token)).status).toBe(401);
  expect((await introspect(server.issuer, witness, tokens.access_token)).active).toBe(false);
  const after = await admin.call('GET', `/grants?client_id=${app.client_id}`);
  expect(after.body.items).toMatchObject([{ status: 'revoked', client_name: null }]);
});

test('all that a client has is revoked at once, and a grant by itself', async () => {
  const app = await registerClient(server.issuer);
  const first = await obtainTokens(server.issuer, app);
  const [grant] = (await admin.call('GET', `/grants?client_id=${app.client_id}`)).body.items;
  const ofGrant = await admin.call('GET', `/tokens?grant_id=${grant.grant_id}`);
  expect(ofGrant.body.items).toHaveLength(1);
  expect((await admin.call('POST', `/grants/${grant.grant_id}/revoke`)).status).toBe(204);
  expect((await introspect(server.issuer, app, first.access_token)).active).toBe(false);
  expect((await refresh(server.issuer, app, first.refresh_token)).status).toBe(400);
  const second = await obtainTokens(server.issuer, app);
  expect((await admin.call('POST', `/clients/${app.client_id}/revoke`)).status).toBe(204);
  expect((await introspect(server.issuer, app, second.access_token)).active).toBe(false);
  expect((await admin.call('POST', `/grants/${crypto.randomUUID()}/revoke`)).status).toBe(404);
});

test('what is issued right after everything was revoked counts', async () => {
  const client = await create();
  for (let round = 0; round < 5; round += 1) {
    expect((await admin.call('POST', `/clients/${client.client_id}/revoke`)).status).toBe(204);
    const { access_token } = (await tokenOf(client)).body;
    expect((await introspect(server.issuer, client, access_token)).active).toBe(true);
  }
});

test.each([
  ['clients', '0 abc'],
  ['users', '0 abc'],
  ['users', '999999999999999 00000000-0000-4000-8000-000000000001'],
  ['grants', '1 1'],
  ['audit-events', '1 9999999999999999999'],
  ['audit-events', '1 abc'],
  ['users', '1 00000000-0000-4000-8000-000000000001 x'],
])('a forged cursor is refused and harms nobody: %s, %s', async (list, text) => {
  const cursor = Buffer.from(text).toString('base64url');
  for (let time = 0; time < 8; time += 1) {
    expect((await admin.call('GET', `/${list}?cursor=${cursor}`)).status).toBe(400);
  }
  expect((await admin.call('GET', `/${list}`)).status).toBe(200);
});

test.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'])(
  'a time that no calendar of ours has is refused: %s',
  async (at) => {
    const { client_id } = await create();
    const answer = await admin.call('POST', `/clients/${client_id}/secrets`, { expires_at: at });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'expires_at' }] } });
    expect((await admin.call('GET', `/audit-events?from=${encodeURIComponent(at)}`)).status).toBe(400);
  },
);

test('lists are searched by words and ids, and read page by page', async () => {
  const names = ['EU billing-service', 'Billing (test)', 'Bill of lading', 'Warehouse'];
  const made: Created[] = [];
  for (const client_name of names) made.push(await create({ client_name }));
  const search = async (words: string) => {
    const { body } = await admin.call('GET', `/clients?search=${encodeURIComponent(words)}`);
    return body.items.map(({ client_name }: any) => client_name as string);
  };
  expect(await search('billing')).toEqual(['Billing (test)', 'EU billing-service']);
  expect(await search('BILL')).toEqual(['Bill of lading', 'Billing (test)', 'EU billing-service']);
  expect(await search('serv eu')).toEqual(['EU billing-service']);
  expect(await search(made[3]!.client_id)).toEqual(['Warehouse']);
  expect(await search(`'); drop table clients; -- & | ! :*`)).toEqual([]);
  expect(await search('&')).toEqual([]);

  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: any = await admin.call('GET', `/clients?limit=3${cursor && `&cursor=${cursor}`}`);
    expect(page.body.items.length).toBeLessThanOrEqual(3);
    seen.push(...page.body.items.map(({ client_id }: any) => client_id));
    cursor = page.body.next_cursor;
  }
  expect(new Set(seen).size).toBe(seen.length);
  for (const { client_id } of made) expect(seen).toContain(client_id);
  for (const query of [
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1e2',
    'limit=0x10',
    'limit=%205',
    'cursor=xyz',
    'limit=1&limit=2',
  ]) {
    expect((await admin.call('GET', `/clients?${query}`)).status).toBe(400);
  }
});

test('tokens are asked for by exactly one owner', async () => {
  for (const query of ['', `?client_id=${'a'.repeat(22)}&user_id=${crypto.randomUUID()}`, '?user_id=me']) {
    expect((await admin.call('GET', `/tokens${query}`)).status).toBe(400);
  }
});
