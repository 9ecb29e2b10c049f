import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  obtainCode,
  post,
  redeem,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import type { Person } from '../support/person.ts';
import { pkcePair } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { query } from './database.ts';
import { stopUnharmed } from './unharmed.ts';
import { signIn } from './sign-in.ts';

let server: TestServer;
let person: Person;
let confidential: TestClient;
let publicClient: TestClient;
/** The one client an admin has excused from PKCE. */
let excused: TestClient;

beforeAll(async () => {
  server = await startServer();
  person = await signIn(server.issuer);
  confidential = await registerClient(server.issuer);
  publicClient = await registerClient(server.issuer, { token_endpoint_auth_method: 'none' });
  excused = await registerClient(server.issuer);
  const sql = 'update clients set pkce_required = false where client_id = any($1)';
  await query(server, sql, [[excused.client_id, publicClient.client_id]]);
});
afterAll(() => stopUnharmed(server));

const REFUSED = {
  error: 'invalid_grant',
  error_description: 'The authorization code is invalid, expired or already used',
};

/** How an authorization request with these parameters is answered; an empty one is left out. */
async function answerTo(client: TestClient, fields: Record<string, string>): Promise<URLSearchParams> {
  const { location } = await person.request(authorizationUrl(server.issuer, client, fields).url);
  return new URL(location ?? 'missing:', server.issuer).searchParams;
}

test('a request without a challenge, with the method plain or with a malformed challenge gets no code', async () => {
  const { challenge, verifier } = pkcePair();
  const downgrades: Record<string, string>[] = [
    { code_challenge: '', code_challenge_method: '' },
    { code_challenge: '' },
    { code_challenge: verifier, code_challenge_method: 'plain' },
    { code_challenge: challenge, code_challenge_method: '' },
    { code_challenge: challenge, code_challenge_method: 's256' },
    { code_challenge: challenge, code_challenge_method: 'S256 plain' },
    { code_challenge: challenge, code_challenge_method: 'none' },
    { code_challenge: challenge.slice(1) },
    { code_challenge: `${challenge}=` },
    { code_challenge: `${challenge.slice(1)} ` },
    { code_challenge: `${challenge}\n` },
    { code_challenge: `${challenge.slice(1)}+` },
  ];
  for (const client of [confidential, publicClient]) {
    for (const downgrade of downgrades) {
      const answer = await answerTo(client, downgrade);
      expect({ downgrade, error: answer.get('error'), code: answer.get('code') }).toEqual({
        downgrade,
        error: 'invalid_request',
        code: null,
      });
    }
  }
});

test('the metadata offers S256 and nothing else', async () => {
  const response = await fetch(`${server.issuer}/.well-known/openid-configuration`);
  expect(await response.json()).toMatchObject({ code_challenge_methods_supported: ['S256'] });
});

test('a wrong, missing or malformed verifier is refused and spends the code', async () => {
  const { issuer } = server;
  for (const client of [confidential, publicClient]) {
    for (const tamper of [
      () => pkcePair().verifier,
      () => '',
      (right: string) => right.slice(0, -1),
      (right: string) => `${right}A`,
      (right: string) => right.toUpperCase(),
      (right: string) => `${right}\n`,
      () => 'short',
      () => 'v'.repeat(129),
    ]) {
      const { code, verifier } = await obtainCode(issuer, client, {}, person);
      const wrong = await redeem(issuer, client, { code, verifier: tamper(verifier) });
      expect({ status: wrong.status, body: wrong.body }).toEqual({ status: 400, body: REFUSED });
      const right = await redeem(issuer, client, { code, verifier });
      expect({ status: right.status, body: right.body }).toEqual({ status: 400, body: REFUSED });
    }
  }
});

test('the challenge itself, sent as the verifier, is refused', async () => {
  const { issuer } = server;
  const { verifier, challenge } = pkcePair();
  const { code } = await obtainCode(issuer, publicClient, { code_challenge: challenge }, person);
  const answer = await redeem(issuer, publicClient, { code, verifier: challenge });
  expect(answer.body).toEqual(REFUSED);
  expect((await redeem(issuer, publicClient, { code, verifier })).status).toBe(400);
});

test('a verifier fits only the code of its own request', async () => {
  const { issuer } = server;
  const victim = await obtainCode(issuer, publicClient, {}, person);
  const attacker = await obtainCode(issuer, publicClient, {}, person);
  expect((await redeem(issuer, publicClient, { ...victim, verifier: attacker.verifier })).body).toEqual(
    REFUSED,
  );
  expect((await redeem(issuer, publicClient, attacker)).status).toBe(200);
});

test('a challenge that is used again makes no spent code good again', async () => {
  const { issuer } = server;
  const { verifier, challenge } = pkcePair();
  const reuse = { code_challenge: challenge };
  const { code: first } = await obtainCode(issuer, publicClient, reuse, person);
  const { code: second } = await obtainCode(issuer, publicClient, reuse, person);
  expect(second).not.toBe(first);
  expect((await redeem(issuer, publicClient, { code: first, verifier })).status).toBe(200);
  expect((await redeem(issuer, publicClient, { code: first, verifier })).body).toEqual(REFUSED);
  // The replay revoked the grant of the first alone.
  expect((await redeem(issuer, publicClient, { code: second, verifier })).status).toBe(200);
});

test('a public client is not excused from PKCE, whatever its record says', async () => {
  const answer = await answerTo(publicClient, { code_challenge: '', code_challenge_method: '', nonce: 'n' });
  expect(answer.get('error')).toBe('invalid_request');
});

test('a client that is excused from PKCE must bind the code with a nonce under openid', async () => {
  const none = { code_challenge: '', code_challenge_method: '' };
  expect((await answerTo(excused, none)).get('error')).toBe('invalid_request');
  expect((await answerTo(excused, { ...none, nonce: 'n', scope: 'read' })).get('error')).toBe(
    'invalid_request',
  );
});

test('a verifier for a code without a challenge is a downgrade: refused, and the code is spent', async () => {
  const { issuer } = server;
  const url = `${issuer}/oauth/token`;
  const fields = { code_challenge: '', code_challenge_method: '', nonce: 'n' };
  const form = (code: string, more: Record<string, string>) =>
    post(url, excused, { grant_type: 'authorization_code', code, ...more });
  const redirect_uri = excused.redirect_uris[0]!;

  const { code, verifier } = await obtainCode(issuer, excused, fields, person);
  expect((await form(code, { redirect_uri, code_verifier: verifier })).body).toEqual(REFUSED);
  expect((await form(code, { redirect_uri })).body).toEqual(REFUSED);

  const { code: unbound } = await obtainCode(issuer, excused, fields, person);
  expect((await form(unbound, {})).body).toEqual(REFUSED);

  const { code: good } = await obtainCode(issuer, excused, fields, person);
  expect((await form(good, { redirect_uri })).status).toBe(200);
});

test('a client that is excused from PKCE but sends a challenge must send the verifier', async () => {
  const { issuer } = server;
  const { code } = await obtainCode(issuer, excused, { nonce: 'n' }, person);
  const redirect_uri = excused.redirect_uris[0]!;
  const fields = { grant_type: 'authorization_code', code, redirect_uri };
  expect((await post(`${issuer}/oauth/token`, excused, fields)).body).toEqual(REFUSED);
});
