import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { introspect, obtainTokens, registerClient, type TestClient } from '../support/client.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';
import { query } from './database.ts';
import { stopUnharmed } from './unharmed.ts';
import { eventually } from '../support/eventually.ts';

let server: TestServer;
let client: TestClient;
let other: TestClient;
let publicClient: TestClient;

const MACHINE = { grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] };

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, MACHINE);
  other = await registerClient(server.issuer, MACHINE);
  publicClient = await registerClient(server.issuer, { token_endpoint_auth_method: 'none' });
});
afterAll(() => stopUnharmed(server));

const ENDPOINTS = ['/oauth/token', '/oauth/introspect', '/oauth/revoke'];
const FAILED = { error: 'invalid_client', error_description: 'Client authentication failed' };

interface Attempt {
  readonly fields?: Record<string, string>;
  readonly authorization?: string;
}

async function send(path: string, { fields = {}, authorization }: Attempt) {
  const body = { grant_type: 'client_credentials', token: 'x', ...fields };
  const response = await fetch(server.issuer + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization !== undefined && { authorization }),
    },
    body: new URLSearchParams(body).toString(),
  });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as any,
  };
}

function basic(clientId: string, secret: string): Attempt {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` };
}

function inBody(client_id: string, client_secret?: string): Attempt {
  return { fields: { client_id, ...(client_secret !== undefined && { client_secret }) } };
}

/** Every failure is the same answer: nobody learns which part was wrong. */
async function expectFailed(attempt: Attempt, paths: readonly string[] = ENDPOINTS): Promise<void> {
  for (const path of paths) {
    expect({ path, attempt, answer: await send(path, attempt) }).toEqual({
      path,
      attempt,
      answer: { status: 401, challenge: 'Basic realm="stagedoor"', body: FAILED },
    });
  }
}

async function expectAuthenticated(attempt: Attempt): Promise<void> {
  for (const path of ENDPOINTS) expect([path, (await send(path, attempt)).status]).toEqual([path, 200]);
}

test('the right secret authenticates, in the header or in the body', async () => {
  await expectAuthenticated(basic(client.client_id, client.client_secret!));
  await expectAuthenticated(inBody(client.client_id, client.client_secret));
});

test('a wrong, empty, missing, cut, longer or other client’s secret fails like an unknown client', async () => {
  const { client_id } = client;
  const secret = client.client_secret!;
  const wrong = [
    'wrong',
    '',
    secret.slice(0, -1),
    `${secret}A`,
    `${secret} `,
    ` ${secret}`,
    secret.toLowerCase(),
    other.client_secret!,
    client_id,
    'null',
    'undefined',
    '*',
    "' or 1=1--",
  ];
  for (const guess of wrong) {
    await expectFailed(basic(client_id, encodeURIComponent(guess)));
    await expectFailed(inBody(client_id, guess));
  }
  await expectFailed(inBody(client_id));
  for (const unknown of [
    '',
    'x',
    'A'.repeat(22),
    client_id.slice(1),
    `${client_id} `,
    '__proto__',
    'constructor',
  ]) {
    await expectFailed(basic(encodeURIComponent(unknown), secret));
    await expectFailed(inBody(unknown, secret));
    await expectFailed(inBody(unknown));
  }
  await expectFailed({});
});

test('two methods at once are refused, also if both are right', async () => {
  const both = {
    ...basic(client.client_id, client.client_secret!),
    ...inBody(client.client_id, client.client_secret),
  };
  const foreign = { ...basic(client.client_id, client.client_secret!), ...inBody(other.client_id) };
  const mixed = { ...basic(client.client_id, 'wrong'), ...inBody(client.client_id, client.client_secret) };
  for (const attempt of [both, foreign, mixed]) {
    for (const path of ENDPOINTS) {
      expect(await send(path, attempt)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
  }
  await expectAuthenticated({
    ...basic(client.client_id, client.client_secret!),
    ...inBody(client.client_id),
  });
});

test('a header that is not well-formed Basic fails, even beside a client_id in the body', async () => {
  const pair = `${client.client_id}:${client.client_secret}`;
  const encoded = Buffer.from(pair).toString('base64');
  const headers = [
    'Basic',
    'Basic ',
    'Basic =',
    'Basic %%%',
    `Basic ${pair}`,
    `Basic ${encoded}, Basic ${encoded}`,
    `Basic ${encoded.slice(0, 8)} ${encoded.slice(8)}`,
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Basic ${Buffer.from(':').toString('base64')}`,
    `Basic ${Buffer.from(`${client.client_id}:%zz`).toString('base64')}`,
    `Basic ${Buffer.from(`%:${client.client_secret}`).toString('base64')}`,
    `Basic ${Buffer.from(`${client.client_id}:%c3%28`).toString('base64')}`,
    `Basic ${Buffer.from(pair, 'utf16le').toString('base64')}`,
    `Basic ${Buffer.from([255, 254, 58, 255]).toString('base64')}`,
    `Basic${encoded}`,
    `Basi ${encoded}`,
    `Bearer ${encoded}`,
    `Bearer ${client.client_secret}`,
    `Digest username="${client.client_id}"`,
    encoded,
    'x',
  ];
  for (const authorization of headers) await expectFailed({ authorization });
  // The header decides: what does not parse is not skipped for the public client that the body names.
  await expectFailed({ authorization: 'Basic %%%', ...inBody(publicClient.client_id) });
});

test('a public client fails with a secret, and a confidential one without; neither may introspect as public', async () => {
  await expectFailed(inBody(publicClient.client_id, 'made up'));
  await expectFailed(inBody(publicClient.client_id, client.client_secret));
  await expectFailed(basic(publicClient.client_id, 'made up'));
  await expectFailed(inBody(publicClient.client_id), ['/oauth/introspect']);
  await expectFailed(basic(publicClient.client_id, ''), ['/oauth/introspect']);
  await expectFailed(inBody(client.client_id));
  await expectFailed(basic(client.client_id, ''));
  expect((await send('/oauth/revoke', inBody(publicClient.client_id))).status).toBe(200);
});

test('a public client gets no token by itself', async () => {
  const answer = await send('/oauth/token', inBody(publicClient.client_id));
  expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
});

test('methods that nobody registered authenticate nobody', async () => {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const assertion = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.';
  await expectFailed({ fields: { client_assertion_type: type, client_assertion: assertion } });
  await expectFailed({
    fields: { client_id: client.client_id, client_assertion_type: type, client_assertion: assertion },
  });
});

test('an expired secret fails, and the one beside it works', async () => {
  const rotated = await registerClient(server.issuer, MACHINE);
  const added = await runCli(['clients', 'rotate-secret', rotated.client_id, '--overlap', '0'], server.env);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  const secret = /client_secret: (\S+)/.exec(added.stdout)?.[1];
  await expectAuthenticated(inBody(rotated.client_id, secret));
  await expectFailed(inBody(rotated.client_id, rotated.client_secret));
  await expectFailed(basic(rotated.client_id, rotated.client_secret!));
});

test('a disabled client fails like one that never was, and its tokens are dead', async () => {
  const doomed = await registerClient(server.issuer, MACHINE);
  const tokens = await obtainTokens(server.issuer, doomed);
  await expectAuthenticated(inBody(doomed.client_id, doomed.client_secret));
  expect((await runCli(['clients', 'disable', doomed.client_id], server.env)).code).toBe(0);
  // The running server hears of it by notification, not at once.
  await eventually(
    async () =>
      (await send('/oauth/introspect', inBody(doomed.client_id, doomed.client_secret))).status === 401,
  );
  await expectFailed(inBody(doomed.client_id, doomed.client_secret));
  await expectFailed(basic(doomed.client_id, doomed.client_secret!));
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    expect(await introspect(server.issuer, client, token)).toEqual({ active: false });
  }
  const userinfo = await fetch(`${server.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  expect(userinfo.status).toBe(401);
});

test('the database holds no secret, so that whoever reads it cannot authenticate', async () => {
  const rows = await query(server, 'select client_secrets::text as row from client_secrets');
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(client.client_secret);
  const [{ hash }] = (await query(
    server,
    "select encode(secret_hash, 'base64') as hash from client_secrets where client_id = $1",
    [client.client_id],
  )) as [{ hash: string }];
  await expectFailed(inBody(client.client_id, hash));
  await expectFailed(inBody(client.client_id, Buffer.from(hash, 'base64').toString('base64url')));
});
