import { expect, test } from '@jest/globals';
import { query } from '../attacks/database.ts';
import { rawRequest, requestText } from '../attacks/raw-request.ts';
import {
  authorizationUrl,
  introspect,
  obtainCode,
  post,
  redeem,
  REDIRECT_URI,
  refresh,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';
import { RecordedSecrets } from './recorded-secrets.ts';

const REGISTRATION_TOKEN = 'Initial-Access-Token-0123456789abcdef';
const JSON_TYPE = { 'content-type': 'application/json' };

/** Each kind of secret that the tour below must have met, or it toured too little. */
const KINDS = [
  'Basic credentials',
  'Bearer credentials',
  'access_token',
  'client_secret',
  'code',
  'code_verifier',
  'cookie stagedoor_browser',
  'cookie stagedoor_session',
  'csrf_token',
  'current_password',
  'id_token',
  'new_password',
  'password',
  'refresh_token',
  'token',
];

test('of all secrets that flows, mistakes, attacks and faults bring, not even the beginning is in the output', async () => {
  const server = await startServer({
    env: {
      OAUTH2_CLIENT_REGISTRATION: 'protected',
      OAUTH2_REGISTRATION_TOKEN: REGISTRATION_TOKEN,
      OAUTH2_LOG_LEVEL: 'trace',
      OAUTH2_REFRESH_GRACE: '30',
    },
  });
  const secrets = new RecordedSecrets();
  secrets.start();
  try {
    const client = await register(server);
    await rightUse(server, client);
    await mistakes(server, client);
    await wrongPlaces(server, client, secrets);
    await faults(server, client);
  } finally {
    secrets.stop();
    await server.terminate();
  }
  secrets.note('master secret', server.env.OAUTH2_SECRET!);
  secrets.note('registration token', REGISTRATION_TOKEN);
  secrets.note('database password', new URL(server.env.OAUTH2_DATABASE_URL!).password);
  secrets.note('admin password', ADMIN.password);
  const output = server.output();
  await server.stop();

  expect(secrets.kinds()).toEqual(expect.arrayContaining(KINDS));
  expect(output).toContain('actor crashed');
  expect(secrets.leaksIn(output)).toEqual([]);
});

test('the search finds a secret by its first eight characters, its signature or its escaped form', () => {
  const secrets = new RecordedSecrets();
  secrets.note('token', 'aaaaaaaaaaaa.bbbbbbbbbbbb.cccccccccccc');
  secrets.note('password', 'pass word/+1');
  for (const leak of ['aaaaaaaa', 'x cccccccc', 'bbbbbbbbb'])
    expect(secrets.leaksIn(leak)).toEqual(['token']);
  for (const leak of ['pass wor', 'url?q=pass%20word']) expect(secrets.leaksIn(leak)).toEqual(['password']);
  expect(secrets.leaksIn('aaaaaaa. pass-word bbbb')).toEqual([]);
});

async function register({ issuer }: TestServer): Promise<TestClient> {
  const response = await fetch(`${issuer}/clients/register`, {
    method: 'POST',
    headers: { ...JSON_TYPE, authorization: `Bearer ${REGISTRATION_TOKEN}` },
    body: JSON.stringify({
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: 'openid profile email read',
    }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as TestClient;
}

/** Everything as it should be: login, consent, code, tokens, refresh, introspection, userinfo, revocation, logout, commands. */
async function rightUse(server: TestServer, client: TestClient): Promise<void> {
  const { issuer } = server;
  const person = new Person(issuer);
  const tokens = (
    await redeem(issuer, client, await obtainCode(issuer, client, { nonce: 'n-0123456789' }, person))
  ).body;
  const basic = Buffer.from(`${client.client_id}:${client.client_secret!}`).toString('base64');
  const machine = await post(
    `${issuer}/oauth/token`,
    null,
    { grant_type: 'client_credentials' },
    {
      authorization: `Basic ${basic}`,
    },
  );
  expect(machine.status).toBe(200);
  const bearer = { authorization: `Bearer ${tokens.access_token}` };
  expect((await fetch(`${issuer}/oauth/userinfo`, { headers: bearer })).status).toBe(200);
  const next = (await refresh(issuer, client, tokens.refresh_token)).body;
  expect((await refresh(issuer, client, tokens.refresh_token)).body.refresh_token).toBe(next.refresh_token);
  for (const token of [tokens.access_token, next.refresh_token, machine.body.access_token]) {
    expect((await introspect(issuer, client, token)).active).toBe(true);
    expect((await post(`${issuer}/oauth/revoke`, client, { token })).status).toBe(200);
  }
  await person.submit(await person.open('/auth/logout'));
  const added = await runCli(['users', 'add', 'nora', '--password-stdin'], server.env, 'a password for nora');
  expect(added.code).toBe(0);
  const nora = new Person(issuer);
  await nora.logIn(await nora.open('/auth/login'), { username: 'nora', password: 'a password for nora' });
  for (const current of ['Mistyped-Password-0123456789', 'a password for nora']) {
    const account = await nora.open('/account');
    const wanted = {
      new_password: 'Changed-Password-0123456789',
      new_password_again: 'Changed-Password-0123456789',
    };
    await nora.submit(account, { current_password: current, ...wanted }, '/account/password');
  }
}

/** Refusals of every kind, the thefts among them. */
async function mistakes({ issuer }: TestServer, client: TestClient): Promise<void> {
  const wrong = { ...client, client_secret: 'Wrong-Secret-0123456789' };
  const fields = { grant_type: 'client_credentials' };
  expect((await post(`${issuer}/oauth/token`, wrong, fields)).status).toBe(401);

  const person = new Person(issuer);
  const spent = await obtainCode(issuer, client, {}, person);
  const tokens = (await redeem(issuer, client, spent)).body;
  expect((await redeem(issuer, client, spent)).status).toBe(400);
  expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(400);
  const code = await obtainCode(issuer, client, {}, person);
  const forged = { ...code, verifier: 'Forged-Verifier-0123456789-0123456789-0123456789' };
  expect((await redeem(issuer, client, forged)).status).toBe(400);

  const first = (await redeem(issuer, client, await obtainCode(issuer, client, {}, person))).body;
  const second = (await refresh(issuer, client, first.refresh_token)).body;
  await refresh(issuer, client, second.refresh_token);
  expect((await refresh(issuer, client, first.refresh_token)).status).toBe(400);

  const other = new Person(issuer);
  const failed = await other.logIn(await other.open('/auth/login'), {
    username: 'Typed-Password-As-Name',
    password: 'Wrong-Password-0123456789',
  });
  expect(failed.status).toBe(401);
  const forgedForm = await other.submit(failed, { csrf_token: 'Forged-Csrf-Token-0123456789' });
  expect(forgedForm.status).toBe(403);
  const refusing = new Person(issuer);
  const { url } = authorizationUrl(issuer, client, { prompt: 'consent' });
  const consent = await refusing.logIn(await refusing.open(url));
  expect((await refusing.submit(consent, { decision: 'deny' })).location).toContain('error=access_denied');
}

/** Secrets where they do not belong: in URLs, in the wrong header, field or body. */
async function wrongPlaces(
  { issuer, port }: TestServer,
  client: TestClient,
  secrets: RecordedSecrets,
): Promise<void> {
  const secret = client.client_secret!;
  secrets.note('secret in a wrong place', 'Typed-Password-As-Name');
  const statuses = await Promise.all(
    [
      fetch(`${issuer}/oauth/token?client_id=${client.client_id}&client_secret=${secret}`, {
        method: 'POST',
      }),
      fetch(`${issuer}/oauth/userinfo?access_token=${secret}`),
      fetch(`${issuer}/unknown/${secret}?token=${secret}`),
      fetch(`${issuer}/oauth/authorize?client_id=${secret}&state=${secret}`),
      fetch(`${issuer}/oauth/authorize?client_id=${client.client_id}&redirect_uri=https://x/${secret}`),
      fetch(`${issuer}/auth/login?return_to=/oauth/authorize?code=${secret}`),
      fetch(`${issuer}/error?error=${secret}`),
      fetch(`${issuer}/%${secret}`),
      fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${secret}` } }),
      fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Digest ${secret}` } }),
      fetch(`${issuer}/health`, {
        headers: { 'x-request-id': secret, 'user-agent': secret, cookie: secret },
      }),
      post(`${issuer}/oauth/token`, null, { grant_type: secret, client_id: secret, scope: secret }),
      post(`${issuer}/oauth/token`, client, { grant_type: secret }),
      post(`${issuer}/oauth/token`, client, { grant_type: 'client_credentials', scope: `"${secret}` }),
      post(`${issuer}/oauth/introspect`, client, { token: secret, token_type_hint: secret }),
      post(`${issuer}/oauth/revoke`, client, { token: secret }),
      post(`${issuer}/oauth/token`, null, {}, { authorization: `Basic ${secret}` }),
      fetch(`${issuer}/clients/register`, {
        method: 'POST',
        headers: { ...JSON_TYPE, authorization: `Bearer ${REGISTRATION_TOKEN}` },
        body: JSON.stringify({ client_name: [secret], redirect_uris: [`http://x.example/${secret}`] }),
      }),
      fetch(`${issuer}/clients/register`, {
        method: 'POST',
        headers: { ...JSON_TYPE, authorization: `Bearer ${REGISTRATION_TOKEN}` },
        body: `{"client_secret": "${secret}`,
      }),
      fetch(`${issuer}/clients/register`, { method: 'POST', headers: JSON_TYPE, body: `"${secret}"` }),
    ].map(async (answer) => (await answer).status),
  );
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  await rawRequest(port, `GET /${secret} HTTP/9.9\r\nX: ${secret}\r\n\r\n`);
  await rawRequest(port, requestText('GET', `http://other.example/${secret}`, [`${secret}: x`]));
}

/** Statements that fail, so that actors crash with everything in their hands. */
async function faults(server: TestServer, client: TestClient): Promise<void> {
  const { issuer } = server;
  const person = new Person(issuer);
  const login = await person.open('/auth/login');
  const code = await obtainCode(issuer, client);
  await query(server, 'alter table sessions rename to away');
  expect((await person.logIn(login)).status).toBe(500);
  await query(server, 'alter table away rename to sessions');
  await query(server, 'alter table grants rename to away');
  expect((await redeem(issuer, client, code)).status).toBe(500);
  await query(server, 'alter table away rename to grants');
  await query(server, 'alter table audit_events rename to away');
  const failed = await person.logIn(await person.open('/auth/login'), {
    username: 'Typed-Password-As-Name',
    password: 'Wrong-Password-0123456789',
  });
  expect(failed.status).toBe(401);
}
