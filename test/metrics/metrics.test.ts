import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { holdLock } from '../chaos/load.ts';
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
import { freePort, startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { changes, scrape } from './scrape.ts';

const PREFIX = 'oauth2_server_';
const ALL_GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'];

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, { grant_types: ALL_GRANTS });
});
afterAll(() => server.stop());

function issue(to: TestClient = client) {
  return post(`${server.issuer}/oauth/token`, to, { grant_type: 'client_credentials' });
}

/** Every flow once: three tokens by three grants, one code, one refresh token reused, two revocations, three failures. */
async function driveEverything(): Promise<void> {
  const { issuer } = server;
  const person = new Person(issuer);
  await person.logIn(await person.open('/auth/login'), { username: 'admin', password: 'wrong' });
  const { body: tokens } = await redeem(issuer, client, await obtainCode(issuer, client, {}, person));
  const { body: rotated } = await refresh(issuer, client, tokens.refresh_token);
  const { body: own } = await issue();
  await introspect(issuer, client, own.access_token);
  await post(`${issuer}/oauth/revoke`, client, { token: own.access_token });
  await post(`${issuer}/oauth/revoke`, client, { token: rotated.refresh_token });
  await issue({ ...client, client_secret: 'wrong' });
  await fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: 'Bearer x' } });
}

test('every counter moves by what was done', async () => {
  const before = await scrape(server.issuer);
  await driveEverything();
  // The audit and the end of a request are counted a moment after the answer.
  const expected: Record<string, number> = {
    'oauth_token_issued_total{grant_type="client_credentials"}': 1,
    'oauth_token_issued_total{grant_type="authorization_code"}': 1,
    'oauth_token_issued_total{grant_type="refresh_token"}': 1,
    oauth_token_revoked_total: 2,
    oauth_authorization_codes_issued: 1,
    'oauth_failed_authentications{kind="client"}': 1,
    'oauth_failed_authentications{kind="user"}': 1,
    'oauth_failed_authentications{kind="access_token"}': 1,
    'audit_events_total{type="login_failed"}': 1,
    'audit_events_total{type="grant_revoked"}': 1,
    'audit_events_total{type="access_token_revoked"}': 1,
    audit_events_lost_total: 0,
    'http_requests_total{method="POST",route="/oauth/token",status="200"}': 3,
    'http_requests_total{method="POST",route="/oauth/token",status="401"}': 1,
    'http_requests_total{method="POST",route="/oauth/introspect",status="200"}': 1,
    'http_request_duration_seconds_count{method="POST",route="/oauth/token",status="200"}': 3,
    'http_request_duration_seconds_bucket{le="10",method="POST",route="/oauth/token",status="200"}': 3,
    'actor_messages_total{actor="token",message="issueForClient",outcome="ok"}': 1,
    'actor_messages_total{actor="client",message="authenticate",outcome="refused"}': 1,
    'actor_message_duration_seconds_count{actor="token",message="rotateRefresh"}': 1,
    'actor_batch_size_count{actor="token",statement="access_tokens_insert"}': 1,
    'actor_batch_size_sum{actor="token",statement="access_tokens_insert"}': 1,
    'db_queries_total{actor="token",statement="access_tokens_insert",outcome="ok"}': 1,
    'db_query_duration_seconds_count{actor="token",statement="access_tokens_insert"}': 1,
    'actor_restarts_total{actor="token"}': 0,
  };
  const wanted = Object.fromEntries(Object.entries(expected).map(([name, by]) => [PREFIX + name, by]));
  const moved = async () => changes(before, await scrape(server.issuer), Object.keys(wanted));
  await eventually(moved, (by) => JSON.stringify(by) === JSON.stringify(wanted));

  const after = await scrape(server.issuer);
  const waits = `${PREFIX}actor_mailbox_wait_seconds`;
  expect(changes(before, after, [`${waits}_count{actor="token"}`])[`${waits}_count{actor="token"}`]).toBe(7);
  expect(after.get(`${waits}_sum{actor="token"}`)).toBeGreaterThan(0);
  expect(after.get(`${waits}_sum{actor="token"}`)).toBeLessThan(60);
});

test('what is looked up at the scrape is there: actors, pool, keys, process', async () => {
  const series = await scrape(server.issuer);
  for (const actor of ['token', 'auth', 'client', 'keys', 'audit']) {
    expect(series.get(`${PREFIX}actor_mailbox_depth{actor="${actor}"}`)).toBe(0);
    expect(series.get(`${PREFIX}actor_mailbox_limit{actor="${actor}"}`)).toBe(1000);
    expect(series.get(`${PREFIX}actor_in_flight{actor="${actor}"}`)).toBe(0);
    expect(series.get(`${PREFIX}actor_concurrency_limit{actor="${actor}"}`)).toBe(256);
  }
  const [used, free] = ['used', 'free'].map((state) =>
    series.get(`${PREFIX}db_pool_connections{state="${state}"}`)!,
  );
  expect(used! + free!).toBeGreaterThan(0);
  expect(used! + free!).toBeLessThanOrEqual(series.get(`${PREFIX}db_pool_limit`)!);
  expect(series.get(`${PREFIX}db_pool_waiting`)).toBe(0);
  for (const algorithm of ['ES256', 'RS256']) {
    const activated = series.get(
      `${PREFIX}signing_key_activated_timestamp_seconds{algorithm="${algorithm}"}`,
    )!;
    expect(Math.abs(activated - Date.now() / 1000)).toBeLessThan(600);
    expect(series.get(`${PREFIX}signing_key_expiry_timestamp_seconds{algorithm="${algorithm}"}`)).toBe(
      Infinity,
    );
  }
  expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(series.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  expect([...series.keys()]).toContainEqual(expect.stringMatching(`^${PREFIX}build_info\\{version="\\d`));
});

test('while a statement waits, the mailbox and the pool show it; a storage that fails is counted as failed', async () => {
  const busy = await startServer({
    env: {
      OAUTH2_ACTOR_CONCURRENCY: '2',
      OAUTH2_DATABASE_POOL_SIZE: '3',
      OAUTH2_STATEMENT_TIMEOUT_MS: '1500',
    },
  });
  const own = await registerClient(busy.issuer, { grant_types: ALL_GRANTS });
  const lock = await holdLock(busy.env.OAUTH2_DATABASE_URL!, 'lock access_tokens in access exclusive mode');
  const token = () => post(`${busy.issuer}/oauth/token`, own, { grant_type: 'client_credentials' });
  const answers = Promise.all(Array.from({ length: 10 }, token));
  const depth = `${PREFIX}actor_mailbox_depth{actor="token"}`;
  const seen = await eventually(
    () => scrape(busy.issuer),
    (series) => series.get(depth)! >= 8,
  );
  expect(seen.get(`${PREFIX}actor_in_flight{actor="token"}`)).toBe(2);
  expect(seen.get(`${PREFIX}db_pool_connections{state="used"}`)).toBeGreaterThan(0);
  expect((await answers).some(({ status }) => status === 503)).toBe(true);
  await lock.release();
  const series = await scrape(busy.issuer);
  const failed = `${PREFIX}db_queries_total{actor="token",statement="access_tokens_insert",outcome="failed"}`;
  expect(series.get(failed)).toBeGreaterThan(0);
  expect(
    series.get(`${PREFIX}actor_messages_total{actor="token",message="issueForClient",outcome="failed"}`),
  ).toBeGreaterThan(0);
  expect(
    series.get(`${PREFIX}http_requests_total{method="POST",route="/oauth/token",status="503"}`),
  ).toBeGreaterThan(0);
  await busy.stop();
});

test('a caller cannot make up series: neither by paths, nor methods, nor client ids', async () => {
  const before = await scrape(server.issuer);
  for (let index = 0; index < 30; index += 1) {
    await fetch(`${server.issuer}/made/up/${index}`);
    await fetch(`${server.issuer}/oauth/token?made=${index}`);
    await issue({ ...client, client_id: `made-up-${index}` });
  }
  // Methods that Node's parser takes but no browser sends.
  for (const method of ['PROPFIND', 'MKCOL', 'PURGE', 'REPORT']) {
    await new Promise((resolve) => {
      request(`${server.issuer}/made/up`, { method }, (response) =>
        response.resume().on('end', resolve),
      ).end();
    });
  }
  const after = await scrape(server.issuer);
  const isNew = (name: string) => !before.has(name) && /_total\{|_count\{/.test(name);
  const added = [...after.keys()].filter((name) => isNew(name) && name.includes('http_'));
  expect(
    added.map((name) => /method="(\w+)",route="([^"]+)",status="(\d+)"/.exec(name)!.slice(1, 4).join(' ')),
  ).toEqual(expect.arrayContaining(['GET unmatched 404', 'other unmatched 404', 'GET /oauth/token 405']));
  expect(added.length).toBeLessThanOrEqual(10);
});

test('requests that a caller pipelines and leaves are counted and logged like any others', async () => {
  const [route, count] = ['/oauth/introspect', 20];
  const body = 'client_id=nobody&client_secret=wrong&token=x';
  const head = [
    `POST ${route} HTTP/1.1`,
    'Host: x',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  const logged = () =>
    server
      .output('stdout')
      .split('\n')
      .filter((line) => line.includes(`"route":"${route}"`)).length;
  const total = async () => {
    const series = [...(await scrape(server.issuer))];
    return series
      .filter(([name]) => name.startsWith(`${PREFIX}http_requests_total`) && name.includes(route))
      .reduce((sum, [, value]) => sum + value, 0);
  };
  // Lines are written in lots: those of requests before this must be there, or they count as this test's.
  const totalBefore = await total();
  const loggedBefore = await eventually(logged, (count) => count === totalBefore);
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`.repeat(count));
  const refused = `${PREFIX}actor_messages_total{actor="client",message="authenticate",outcome="refused"}`;
  const refusedBefore = (await scrape(server.issuer)).get(refused)!;
  await once(socket, 'data');
  socket.resetAndDestroy();
  await eventually(
    async () => (await total()) - totalBefore,
    (by) => by >= 1,
  );
  // As many lines as requests that the server began with, which is no fewer than the actor was asked for.
  await eventually(async () => {
    const asked = (await scrape(server.issuer)).get(refused)! - refusedBefore;
    return logged() - loggedBefore >= asked && (await total()) - totalBefore === logged() - loggedBefore;
  });
});

test('replicas agree on the clients and the active tokens, for they ask the database', async () => {
  const first = await startServer();
  const second = await startServer({
    env: { ...first.env, OAUTH2_SERVER_PORT: String(await freePort()), OAUTH2_ISSUER: first.issuer },
  });
  const own = await registerClient(first.issuer, { grant_types: ALL_GRANTS });
  const elsewhere = `http://127.0.0.1:${second.port}`;
  await registerClient(elsewhere);
  const tokens = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      post(`${index % 2 ? first.issuer : elsewhere}/oauth/token`, own, { grant_type: 'client_credentials' }),
    ),
  );
  await post(`${first.issuer}/oauth/revoke`, own, { token: tokens[0]!.body.access_token });
  for (const base of [first.issuer, elsewhere]) {
    const series = await scrape(base);
    expect(series.get(`${PREFIX}oauth_clients_total`)).toBe(2);
    expect(series.get(`${PREFIX}oauth_active_tokens`)).toBe(3);
  }
  // Asked once for many scrapes.
  for (let index = 0; index < 10; index += 1) await scrape(first.issuer);
  const counted = `${PREFIX}db_queries_total{actor="token",statement="access_tokens_count_active",outcome="ok"}`;
  expect((await scrape(first.issuer)).get(counted)).toBe(1);
  await second.terminate();
  await first.stop();
}, 60_000);

test('the metrics may have a port of their own, or be off', async () => {
  const port = await freePort();
  const apart = await startServer({ env: { OAUTH2_METRICS_PORT: String(port) } });
  expect((await fetch(`${apart.issuer}/metrics`)).status).toBe(404);
  const series = await scrape(`http://127.0.0.1:${port}`);
  expect(series.get(`${PREFIX}http_requests_total{method="GET",route="unmatched",status="404"}`)).toBe(1);
  expect((await fetch(`http://127.0.0.1:${port}/oauth/token`)).status).toBe(404);
  expect(await apart.terminate()).toBe(0);
  await apart.stop();

  const off = await startServer({ env: { OAUTH2_METRICS: 'off' } });
  expect((await fetch(`${off.issuer}/metrics`)).status).toBe(404);
  await off.stop();
});
