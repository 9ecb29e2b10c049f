import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  introspect,
  obtainCode,
  post,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { auditOf, query } from './database.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
/** The same database behind a server without a grace window. */
let strict: TestServer;
let client: TestClient;
let person: Person;

beforeAll(async () => {
  server = await startServer();
  const { OAUTH2_DATABASE_URL, OAUTH2_SECRET } = server.env as Record<string, string>;
  strict = await startServer({
    env: {
      OAUTH2_DATABASE_URL: OAUTH2_DATABASE_URL!,
      OAUTH2_SECRET: OAUTH2_SECRET!,
      OAUTH2_ISSUER: server.issuer,
      OAUTH2_REFRESH_GRACE: '0',
    },
  });
  client = await registerClient(server.issuer);
  person = new Person(server.issuer);
});
afterAll(async () => {
  await stopUnharmed(strict);
  await stopUnharmed(server);
});

const REFUSED = {
  error: 'invalid_grant',
  error_description: 'The refresh token is invalid, expired or revoked',
};

async function newGrant(): Promise<any> {
  const { issuer } = server;
  return (await redeem(issuer, client, await obtainCode(issuer, client, {}, person))).body;
}

async function expectRefused(refreshToken: string, at = server.issuer): Promise<void> {
  const { status, body } = await refresh(at, client, refreshToken);
  expect({ status, body }).toEqual({ status: 400, body: REFUSED });
}

async function expectDead(...tokens: string[]): Promise<void> {
  for (const token of tokens) {
    expect(await introspect(server.issuer, client, token)).toEqual({ active: false });
  }
}

test('a token two generations old revokes the whole grant, and the audit says so', async () => {
  const { issuer } = server;
  const first = await newGrant();
  const second = (await refresh(issuer, client, first.refresh_token)).body;
  const third = (await refresh(issuer, client, second.refresh_token)).body;
  expect((await introspect(issuer, client, third.access_token)).active).toBe(true);

  await expectRefused(first.refresh_token);
  await expectDead(first.access_token, second.access_token, third.access_token, third.refresh_token);
  await expectRefused(third.refresh_token);
  const events = await auditOf(server, client.client_id, 'refresh_token_reused');
  expect(events.find(({ type }) => type === 'refresh_token_reused')?.detail).toMatchObject({
    presentedGeneration: 0,
    currentGeneration: 2,
  });
  expect(events.some(({ type }) => type === 'grant_revoked')).toBe(true);
});

test('within the grace window the previous token gives the same successor, and nothing is revoked', async () => {
  const { issuer } = server;
  const first = await newGrant();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => refresh(issuer, client, first.refresh_token)),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(answers.length);
  const { access_token, refresh_token } = answers[0]!.body;
  expect((await introspect(issuer, client, access_token)).active).toBe(true);
  expect((await refresh(issuer, client, refresh_token)).status).toBe(200);
});

test('after the grace window the previous token is reuse', async () => {
  const { issuer } = server;
  const first = await newGrant();
  const second = (await refresh(issuer, client, first.refresh_token)).body;
  // The window is moved, not waited for.
  await query(
    server,
    `update grants set rotated_at = rotated_at - interval '31 seconds' where client_id = $1 and revoked_at is null
     and rotated_at is not null`,
    [client.client_id],
  );
  await expectRefused(first.refresh_token);
  await expectDead(second.access_token, second.refresh_token);
});

test('without a grace window the previous token is reuse at once', async () => {
  const first = await newGrant();
  const second = await refresh(base(strict), client, first.refresh_token);
  expect(second.status).toBe(200);
  await expectRefused(first.refresh_token, base(strict));
  await expectDead(second.body.access_token, second.body.refresh_token);
});

test('without a grace window two at once end the grant: one of them was stolen', async () => {
  const first = await newGrant();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => refresh(base(strict), client, first.refresh_token)),
  );
  const won = answers.filter(({ status }) => status === 200);
  expect(won.length).toBeLessThanOrEqual(1);
  for (const { body } of won) await expectDead(body.access_token, body.refresh_token);
  await expectRefused(first.refresh_token);
});

test('another client that presents a token gets nothing and changes nothing', async () => {
  const { issuer } = server;
  const thief = await registerClient(issuer, { client_name: 'Thief' });
  const first = await newGrant();
  const second = (await refresh(issuer, client, first.refresh_token)).body;
  const third = (await refresh(issuer, client, second.refresh_token)).body;
  // The oldest would be reuse if its own client presented it.
  for (const token of [first, second, third].map(({ refresh_token }) => refresh_token as string)) {
    const { status, body } = await refresh(issuer, thief, token);
    expect({ status, body }).toEqual({ status: 400, body: REFUSED });
  }
  const revocation = await post(`${issuer}/oauth/revoke`, thief, { token: third.refresh_token });
  expect(revocation).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect((await introspect(issuer, client, third.access_token)).active).toBe(true);
  expect((await refresh(issuer, client, third.refresh_token)).status).toBe(200);
});

test('a token that was altered, cut, lengthened or spelt otherwise is refused and revokes nothing', async () => {
  const { issuer } = server;
  const { refresh_token: token } = await newGrant();
  const bytes = Buffer.from(token as string, 'base64url');
  const flipped = [0, 4, 20, 23, 24, bytes.length - 1].map((index) => {
    const copy = Buffer.from(bytes);
    copy[index]! ^= 1;
    return copy.toString('base64url');
  });
  const others = [
    token.slice(0, -1),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    token.toLowerCase(),
    bytes.toString('base64'),
  ];
  for (const altered of [...flipped, ...others]) if (altered !== token) await expectRefused(altered);
  expect((await refresh(issuer, client, token)).status).toBe(200);
});

test('an expired refresh token is refused', async () => {
  const grant = await newGrant();
  const sql = "update grants set expires_at = now() - interval '2 seconds' where client_id = $1";
  await query(server, sql, [client.client_id]);
  await expectRefused(grant.refresh_token);
  await expectDead(grant.refresh_token);
});

function base({ port }: TestServer): string {
  return `http://127.0.0.1:${port}`;
}
