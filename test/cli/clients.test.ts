import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  introspect,
  obtainTokens,
  post,
  registerClient,
  type TestClient,
  type TokenAnswer,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { query } from '../attacks/database.ts';
import { expectRefused, rowsOf, succeed, valueOf } from './commands.ts';
import { eventually } from '../support/eventually.ts';

const SHOWN_ONCE = '   (shown only this once)';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

function clients(...args: readonly string[]): Promise<string> {
  return succeed(['clients', ...args], server.env);
}

/** A client that gets tokens for itself, added at the command line. */
async function addMachine(): Promise<TestClient & { client_secret: string }> {
  const printed = await clients('add', 'Machine', '--scope', 'read write');
  const [client_id, client_secret] = [valueOf('client_id', printed), valueOf('client_secret', printed)];
  expect(printed).toBe(`client_id: ${client_id}\nclient_secret: ${client_secret}${SHOWN_ONCE}\n`);
  return { client_id, client_secret, redirect_uris: [], scope: 'read write' };
}

function clientCredentials(client: Pick<TestClient, 'client_id' | 'client_secret'>): Promise<TokenAnswer> {
  return post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
}

test('a secret is rotated without downtime: both work during the overlap, then only the new one', async () => {
  const client = await addMachine();
  expect(await clientCredentials(client)).toMatchObject({ status: 200, body: { scope: 'read write' } });

  const printed = await clients('rotate-secret', client.client_id, '--overlap', '3600');
  const renewed = { ...client, client_secret: valueOf('client_secret', printed) };
  expect(printed).toBe(
    `client_secret: ${renewed.client_secret}${SHOWN_ONCE}\nthe other secrets work for another 3600 seconds\n`,
  );
  expect(renewed.client_secret).not.toBe(client.client_secret);
  // The server keeps the record in memory, so this also shows that it heard of the change.
  await eventually(
    () => clientCredentials(renewed),
    ({ status }) => status === 200,
  );
  expect((await clientCredentials(client)).status).toBe(200);

  const last = await clients('rotate-secret', client.client_id, '--overlap', '0');
  const final = { ...client, client_secret: valueOf('client_secret', last) };
  await eventually(
    () => clientCredentials(final),
    ({ status }) => status === 200,
  );
  for (const old of [client, renewed]) {
    expect(await clientCredentials(old)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  }
});

test('a running server refuses a disabled client at once, and its tokens; enabling brings back the client alone', async () => {
  const client = await addMachine();
  const watcher = await registerClient(server.issuer);
  const { access_token } = (await clientCredentials(client)).body;
  expect((await introspect(server.issuer, watcher, access_token)).active).toBe(true);

  expect(await clients('disable', client.client_id)).toBe(`disabled ${client.client_id}\n`);
  expect(await introspect(server.issuer, watcher, access_token)).toEqual({ active: false });
  await eventually(
    () => clientCredentials(client),
    ({ status }) => status === 401,
  );
  const row = rowsOf(await clients('list')).find(([id]) => id === client.client_id);
  expect(row?.at(-1)).toMatch(/^\d{4}-/);

  expect(await clients('enable', client.client_id)).toBe(`enabled ${client.client_id}\n`);
  await eventually(
    () => clientCredentials(client),
    ({ status }) => status === 200,
  );
  expect(await introspect(server.issuer, watcher, access_token)).toEqual({ active: false });
});

test('a public client has no secret and serves the code flow by PKCE alone', async () => {
  const redirect = 'http://127.0.0.1/callback';
  const printed = await clients('add', 'Notes app', '--public', '--redirect-uri', redirect);
  const client_id = valueOf('client_id', printed);
  expect(printed).toBe(`client_id: ${client_id}\n`);
  const client = { client_id, redirect_uris: [redirect], scope: 'openid profile' };
  const tokens = await obtainTokens(server.issuer, client);
  expect(tokens).toMatchObject({ scope: 'openid profile', refresh_token: expect.any(String) });
});

test('an admin may grant the admin scope and lift PKCE for a client that sends a nonce instead', async () => {
  const redirect = 'https://app.example/callback';
  const printed = await clients(
    'add',
    'Console',
    '-r',
    redirect,
    '-g',
    'authorization_code',
    '-g',
    'client_credentials',
    '-s',
    'openid admin',
    '--no-pkce',
  );
  const client = {
    client_id: valueOf('client_id', printed),
    client_secret: valueOf('client_secret', printed),
    redirect_uris: [redirect],
    scope: 'openid admin',
  };
  expect((await clientCredentials(client)).body.scope).toBe('openid admin');
  const { url } = authorizationUrl(server.issuer, client, { nonce: 'a-nonce' });
  const plain = url.replace(/&code_challenge[^&]*/g, '');
  expect(plain).not.toContain('challenge');
  const code = (await new Person(server.issuer).authorize(plain)).get('code')!;
  const answer = await post(`${server.issuer}/oauth/token`, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirect,
  });
  expect(answer).toMatchObject({ status: 200, body: { id_token: expect.any(String) } });
  const bare = authorizationUrl(server.issuer, client).url.replace(/&code_challenge[^&]*/g, '');
  expect((await new Person(server.issuer).authorize(bare)).get('error')).toBe('invalid_request');
});

test('the list shows clients without secrets, and no control character that got into a name', async () => {
  const { client_id, client_secret } = await registerClient(server.issuer);
  // No way in accepts such a name any more; a terminal must be safe from older rows, too.
  await query(server, "update clients set client_name = e'Eve\\x1b[2J\\x07\\nadmin' where client_id = $1", [
    client_id,
  ]);
  const table = await clients('list');
  expect(table).not.toContain(client_secret);
  expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(table.split('\n').find((line) => line.startsWith(client_id))).toContain('  Eve?[2J??admin  ');
});

test('bad input is refused in a sentence and changes nothing', async () => {
  const pub = valueOf('client_id', await clients('add', 'App', '--public', '-r', 'http://[::1]/callback'));
  const before = await clients('list');
  const unknown = 'AAAAAAAAAAAAAAAAAAAAAA';
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['disable', unknown], 'There is no such client'],
    [['enable', '../etc'], 'There is no such client'],
    [['rotate-secret', unknown], 'There is no such client'],
    [['rotate-secret', pub], 'A public client has no secret'],
    [
      ['add', 'X', '-r', 'http://app.example/callback'],
      'redirect_uris[0] uses http on a host that is not this machine; use https',
    ],
    [
      ['add', 'X', '-r', 'https://a.example/', '-r', 'https://*.a.example/'],
      'redirect_uris[1] has a wildcard; redirect URIs are compared exactly',
    ],
    [['add', 'X', '-g', 'password'], 'None of the requested grant_types is supported'],
    [['add', 'X', '--public'], 'A client without a secret cannot use the grant type client_credentials'],
    [['add', 'Eve\u001b[2J'], 'client_name: contains a control character'],
    [['add', 'X', '-s', 'read "all"'], 'The scope is malformed'],
  ];
  await Promise.all(
    cases.map(([args, sentence]) => expectRefused(['clients', ...args], server.env, sentence)),
  );
  expect(await clients('list')).toBe(before);
});
