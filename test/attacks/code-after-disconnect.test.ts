import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import {
  authorizationUrl,
  obtainCode,
  obtainTokens,
  redeem,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { auditOf, query } from './database.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;
let person: Person;

beforeAll(async () => {
  server = await startServer();
  // Codes are about to be stored for as long as a test holds this lock.
  await query(
    server,
    `create function wait_for_test() returns trigger language plpgsql as $$
       begin perform pg_advisory_xact_lock_shared(1); return new; end $$;
     create trigger wait_for_test before insert on authorization_codes execute function wait_for_test()`,
  );
});
afterAll(() => stopUnharmed(server));
beforeEach(async () => {
  client = await registerClient(server.issuer);
  person = new Person(server.issuer);
});

/** Asks for a code, which the app is allowed already; does `work` while it is about to be stored; resolves to the code. */
async function whileAuthorizing(work: () => Promise<void>): Promise<{ code: string; verifier: string }> {
  const holder = new pg.Client({ connectionString: server.env.OAUTH2_DATABASE_URL });
  await holder.connect();
  try {
    await holder.query('select pg_advisory_lock(1)');
    const { url, verifier } = authorizationUrl(server.issuer, client);
    const answer = person.request(url);
    answer.catch(() => undefined);
    await eventually(
      () =>
        query<{ count: number }>(
          server,
          `select count(*)::int as count from pg_locks where locktype = 'advisory' and objid = 1 and not granted`,
        ),
      ([row]) => row!.count > 0,
    );
    await work();
    await holder.query('select pg_advisory_unlock(1)');
    const code = new URL((await answer).location!).searchParams.get('code');
    return { code: code!, verifier };
  } finally {
    await holder.end();
  }
}

async function disconnect(): Promise<void> {
  const path = `/account/apps/disconnect?client_id=${client.client_id}`;
  expect((await person.submit(await person.open(path))).text).toContain('The app is disconnected');
}

test('a request that was let through before its app was disconnected leads to no tokens', async () => {
  await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  const late = await whileAuthorizing(disconnect);
  expect((await redeem(server.issuer, client, late)).body).toEqual({
    error: 'invalid_grant',
    error_description: 'The authorization code is invalid, expired or already used',
  });
  const events = await auditOf(server, client.client_id, 'code_without_consent');
  expect(events.map(({ type }) => type)).not.toContain('code_replayed');
  expect((await person.request('/account')).text).toContain('No app may use your account.');
  expect((await person.request(authorizationUrl(server.issuer, client).url)).text).toContain(
    'name="decision"',
  );
});

test('one that nothing happened to does, and so does the next after a new consent', async () => {
  await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  const code = await whileAuthorizing(() => Promise.resolve());
  expect((await redeem(server.issuer, client, code)).status).toBe(200);
  await disconnect();
  const again = await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  expect(again.status).toBe(200);
});

test('consent that is asked for each time counts as well', async () => {
  const prompted = { prompt: 'consent' };
  expect((await obtainTokens(server.issuer, client, prompted)).scope).toBe(client.scope);
  const app = await registerClient(server.issuer, {
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback'],
  });
  expect((await obtainTokens(server.issuer, app)).scope).toBe(app.scope);
});
