import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  introspect,
  obtainCode,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { auditOf } from './database.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;
let person: Person;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
  person = new Person(server.issuer);
});
afterAll(() => stopUnharmed(server));

const REFUSED = {
  error: 'invalid_grant',
  error_description: 'The authorization code is invalid, expired or already used',
};

async function expectDead(tokens: any): Promise<void> {
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    expect(await introspect(server.issuer, client, token)).toEqual({ active: false });
  }
  const refreshed = await refresh(server.issuer, client, tokens.refresh_token);
  expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
}

test('a code works once; its replay is refused, revokes what it issued and is audited', async () => {
  const { issuer } = server;
  const code = await obtainCode(issuer, client, {}, person);
  const first = await redeem(issuer, client, code);
  expect(first.status).toBe(200);
  expect((await introspect(issuer, client, first.body.access_token)).active).toBe(true);

  const second = await redeem(issuer, client, code);
  expect({ status: second.status, body: second.body }).toEqual({ status: 400, body: REFUSED });
  await expectDead(first.body);
  const events = await auditOf(server, client.client_id, 'code_replayed');
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['code_replayed', 'grant_revoked']));
});

test('a replay takes along what was refreshed in the meantime', async () => {
  const { issuer } = server;
  const code = await obtainCode(issuer, client, {}, person);
  const first = await redeem(issuer, client, code);
  const refreshed = await refresh(issuer, client, first.body.refresh_token);
  expect(refreshed.status).toBe(200);
  await redeem(issuer, client, code);
  await expectDead(refreshed.body);
});

test('a replay with a wrong verifier or another redirect URI revokes as well: the thief knows the code', async () => {
  const { issuer } = server;
  for (const wrong of [{ code_verifier: 'w'.repeat(43) }, { redirect_uri: 'https://evil.example/' }]) {
    const code = await obtainCode(issuer, client, {}, person);
    const first = await redeem(issuer, client, code);
    expect((await redeem(issuer, client, code, wrong)).body).toEqual(REFUSED);
    await expectDead(first.body);
  }
});

test('of many redemptions at once at most one is answered, and nothing it got is alive in the end', async () => {
  const { issuer } = server;
  const code = await obtainCode(issuer, client, {}, person);
  const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(issuer, client, code)));
  const won = answers.filter(({ status }) => status === 200);
  expect(won.length).toBeLessThanOrEqual(1);
  for (const { status, body } of answers)
    if (status !== 200) expect({ status, body }).toEqual({ status: 400, body: REFUSED });
  for (const { body } of won) await expectDead(body);
});

test('a code that nobody issued, a cut one and a longer one read like one that was used', async () => {
  const { issuer } = server;
  const { code, verifier } = await obtainCode(issuer, client, {}, person);
  const guesses = [
    'x',
    code.slice(0, -1),
    `${code}A`,
    `${code}=`,
    `${code} `,
    code.toUpperCase(),
    'A'.repeat(43),
  ];
  for (const guess of guesses) {
    const answer = await redeem(issuer, client, { code: guess, verifier });
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 400, body: REFUSED });
  }
  expect((await redeem(issuer, client, { code, verifier })).status).toBe(200);
});
