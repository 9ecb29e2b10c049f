import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminByToken } from '../support/admin.ts';
import { registerClient, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import type { TestServer } from '../support/server.ts';
import { Callers, countLines, isAlive, linesOf, metric, pidOf, send, startWorkers } from './workers.ts';

const TOKEN_REQUESTS = 'oauth2_server_http_requests_total';
const OF_TOKEN = ['route="/oauth/token"', 'status="200"'];

let server: TestServer;
let client: TestClient;
let load: Callers | undefined;

const credentials = () => ({
  grant_type: 'client_credentials',
  client_id: client.client_id,
  client_secret: client.client_secret!,
});
const issue = () => send(`${server.issuer}/oauth/token`, credentials());

beforeAll(async () => {
  server = await startWorkers(2, { OAUTH2_ADMIN_PASSWORD: '' });
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
});
afterAll(async () => {
  await load?.stop();
  await server.stop();
});

test('both workers answer, the greeting and the first admin come once, and every line of the log is one', async () => {
  for (let count = 0; count < 20; count += 1) expect((await issue()).status).toBe(200);
  await eventually(
    () =>
      [
        ...new Set(linesOf(server).flatMap(({ route, worker }) => (route === '/oauth/token' ? worker : []))),
      ].toSorted(),
    (workers) => workers.length === 2,
  );
  expect(new Set([server.pid, pidOf(server, 1), pidOf(server, 2)]).size).toBe(3);
  expect(server.output('stderr').match(/Stagedoor is ready/g)).toHaveLength(1);
  expect(server.output('stderr').match(/shown only this once/g)).toHaveLength(1);
});

test('the metrics are of all workers, whichever answers', async () => {
  const before = await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN);
  await Promise.all(Array.from({ length: 30 }, issue));
  for (let scrape = 0; scrape < 4; scrape += 1) {
    await eventually(async () => (await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN)) === before + 30);
  }
  const { text } = await send(`${server.issuer}/metrics`);
  expect(text).toContain('oauth2_server_workers{state="wanted"} 2\noauth2_server_workers{state="ready"} 2\n');
  expect(text).toMatch(/^oauth2_server_db_pool_limit 20$/m);
  expect(text).toMatch(/^oauth2_server_signing_key_expiry_timestamp_seconds\{algorithm="ES256"\} \+Inf$/m);
  expect(text).toMatch(/^oauth2_server_build_info\{.*\} 1$/m);
  expect(text.match(/^process_start_time_seconds /gm)).toHaveLength(1);
});

test('each worker is a replica with a name of its own, and the overview shows both', async () => {
  const admin = await adminByToken(server, 'admin:read');
  const { body } = await admin.call('GET', '/overview');
  const names = body.replicas.map(({ name }: { name: string }) => name.slice(name.indexOf(':')));
  expect(names.toSorted()).toEqual([`:${server.port} worker 1`, `:${server.port} worker 2`]);
});

test('a worker that is killed is replaced while the other serves, and no total becomes smaller', async () => {
  await Promise.all(Array.from({ length: 10 }, issue));
  const before = await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN);
  const victim = pidOf(server, 2);
  process.kill(victim, 'SIGKILL');
  await eventually(() => countLines(server, 'a worker died and is replaced') === 1);
  expect((await issue()).status).toBe(200);
  await eventually(
    async () => (await metric(server.issuer, 'oauth2_server_workers', ['state="ready"'])) === 2,
  );
  expect(isAlive(victim)).toBe(false);
  expect(pidOf(server, 2)).not.toBe(victim);
  await eventually(async () => (await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN)) === before + 1);
  expect(await metric(server.issuer, 'oauth2_server_worker_restarts_total')).toBe(1);
});

test('SIGHUP replaces one worker at a time, and no request of a running load fails', async () => {
  const old = [pidOf(server, 1), pidOf(server, 2)];
  const before = await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN);
  const started = countLines(server, 'worker started');
  load = new Callers(`${server.issuer}/oauth/token`, credentials());
  server.kill('SIGHUP');
  await eventually(() => countLines(server, 'worker started') === started + 1);
  await eventually(() => countLines(server, 'worker started') === started + 2);
  await eventually(() => countLines(server, 'the workers were restarted') === 1);
  const outcomes = await load.stop();
  expect(outcomes).toEqual({ 200: expect.any(Number) });
  expect(old.map(isAlive)).toEqual([false, false]);
  expect([pidOf(server, 1), pidOf(server, 2)].map(isAlive)).toEqual([true, true]);
  expect(await metric(server.issuer, TOKEN_REQUESTS, OF_TOKEN)).toBeGreaterThan(before);
  expect(await metric(server.issuer, 'oauth2_server_worker_restarts_total')).toBe(1);
}, 60_000);

test('SIGTERM lets all workers finish without a warning, and the exit code is 0', async () => {
  const pids = [pidOf(server, 1), pidOf(server, 2)];
  const before = linesOf(server).length;
  expect(await server.terminate()).toBe(0);
  expect(pids.map(isAlive)).toEqual([false, false]);
  // An end as it should be is nothing to warn of.
  expect(linesOf(server).slice(before)).not.toContainEqual(expect.objectContaining({ level: 40 }));
  expect(linesOf(server).at(-1)).toMatchObject({ msg: 'stopped' });
});
