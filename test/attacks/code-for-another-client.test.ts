import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  introspect,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { query } from './database.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let person: Person;
let victim: TestClient;
let thieves: TestClient[];

beforeAll(async () => {
  server = await startServer();
  person = new Person(server.issuer);
  victim = await registerClient(server.issuer);
  // One of each kind, both with the victim's own redirect URI.
  thieves = [
    await registerClient(server.issuer, { client_name: 'Thief' }),
    await registerClient(server.issuer, { client_name: 'Public thief', token_endpoint_auth_method: 'none' }),
  ];
});
afterAll(() => stopUnharmed(server));

const REFUSED = {
  error: 'invalid_grant',
  error_description: 'The authorization code is invalid, expired or already used',
};

test('a stolen code, verifier and redirect URI are worth nothing to another client, and the victim’s code stays good', async () => {
  const { issuer } = server;
  const stolen = await obtainCode(issuer, victim, {}, person);
  for (const thief of thieves) {
    for (const attempt of [stolen, { ...stolen, verifier: '' }, { ...stolen, verifier: 'w'.repeat(43) }]) {
      const { status, body } = await redeem(issuer, thief, attempt);
      expect({ status, body }).toEqual({ status: 400, body: REFUSED });
    }
  }
  const tokens = await redeem(issuer, victim, stolen);
  expect(tokens.status).toBe(200);
  // Presenting the spent code revokes nothing either: the thief could do that to anybody.
  for (const thief of thieves) expect((await redeem(issuer, thief, stolen)).body).toEqual(REFUSED);
  expect((await introspect(issuer, victim, tokens.body.access_token)).active).toBe(true);
  expect((await introspect(issuer, victim, tokens.body.refresh_token)).active).toBe(true);
});

test('thief and victim at the same moment: the victim gets the tokens', async () => {
  const { issuer } = server;
  const code = await obtainCode(issuer, victim, {}, person);
  const [thief] = thieves as [TestClient];
  const answers = await Promise.all([
    ...Array.from({ length: 5 }, () => redeem(issuer, thief, code)),
    redeem(issuer, victim, code),
    ...Array.from({ length: 5 }, () => redeem(issuer, thief, code)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map((_, index) => (index === 5 ? 200 : 400)));
  expect((await introspect(issuer, victim, answers[5]!.body.access_token)).client_id).toBe(victim.client_id);
});

test('a client cannot authenticate as itself and redeem as another', async () => {
  const { issuer } = server;
  const code = await obtainCode(issuer, victim, {}, person);
  const [thief] = thieves as [TestClient];
  const basic = Buffer.from(`${thief.client_id}:${thief.client_secret}`).toString('base64');
  const fields = {
    grant_type: 'authorization_code',
    code: code.code,
    code_verifier: code.verifier,
    redirect_uri: REDIRECT_URI,
  };
  const url = `${issuer}/oauth/token`;
  const authorization = { authorization: `Basic ${basic}` };
  const mixed = await post(url, { client_id: victim.client_id }, fields, authorization);
  expect(mixed).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  const own = await post(url, null, fields, authorization);
  expect(own).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  const borrowed = { client_id: victim.client_id, client_secret: thief.client_secret! };
  expect(await post(url, borrowed, fields)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect(await post(url, { client_id: victim.client_id }, fields)).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
  expect((await redeem(issuer, victim, code)).status).toBe(200);
});

test('a code is not another client’s refresh token, nor a token to introspect', async () => {
  const { issuer } = server;
  const { code } = await obtainCode(issuer, victim, {}, person);
  expect(await introspect(issuer, victim, code)).toEqual({ active: false });
  const fields = { grant_type: 'refresh_token', refresh_token: code };
  expect((await post(`${issuer}/oauth/token`, victim, fields)).body.error).toBe('invalid_grant');
});

test('another client can revoke neither token of the victim', async () => {
  const { issuer } = server;
  const tokens = await obtainTokens(issuer, victim);
  for (const thief of thieves) {
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const answer = await post(`${issuer}/oauth/revoke`, thief, { token });
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  }
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    expect((await introspect(issuer, victim, token)).active).toBe(true);
  }
});

test('a client without the grant type cannot redeem, and one that expired is refused like any bad code', async () => {
  const { issuer } = server;
  const machine = await registerClient(issuer, { grant_types: ['client_credentials'] });
  const code = await obtainCode(issuer, victim, {}, person);
  expect((await redeem(issuer, machine, code)).body.error).toBe('unauthorized_client');
  const sql =
    "update authorization_codes set expires_at = now() - interval '1 second' where consumed_at is null";
  await query(server, sql);
  expect((await redeem(issuer, victim, code)).body).toEqual(REFUSED);
});
