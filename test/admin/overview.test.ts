import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminBySession, type AdminCaller } from '../support/admin.ts';
import { post, registerClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: AdminCaller;

beforeAll(async () => {
  server = await startServer();
  admin = await adminBySession(server);
});
afterAll(() => server.stop());

const overview = async () => (await admin.call('GET', '/overview')).body;

test('it shows the figures, the actors of this replica and that it is ready', async () => {
  const shown = await overview();
  expect(shown.counts).toEqual({ active_tokens: 0, clients: 0, users: 1 });
  expect(shown.traffic).toHaveLength(60);
  expect(shown.health).toEqual({ ready: true, checks: expect.any(Object) });
  expect(shown.replicas).toEqual([
    expect.objectContaining({
      answering: true,
      ready: true,
      name: expect.stringContaining(`:${server.port}`),
    }),
  ]);
  const actors = shown.replicas[0].actors.map(({ name }: any) => name);
  expect(actors).toEqual(expect.arrayContaining(['token', 'auth', 'client', 'keys', 'audit']));
});

test('what all replicas serve is added up, and one that ends is gone', async () => {
  const port = await freePort();
  const other = await startServer({
    env: { ...server.env, OAUTH2_SERVER_PORT: String(port), OAUTH2_ISSUER: server.issuer },
  });
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  const issue = (base: string) => post(`${base}/oauth/token`, client, { grant_type: 'client_credentials' });
  for (let count = 0; count < 3; count += 1) {
    await issue(server.issuer);
    await issue(`http://127.0.0.1:${port}`);
  }
  const both = await eventually(overview, ({ traffic }) => {
    const requests = traffic.reduce((sum: number, minute: any) => sum + Number(minute.requests), 0) as number;
    return requests >= 7;
  });
  expect(both.replicas).toHaveLength(2);
  expect(both.replicas.filter(({ answering }: any) => answering)).toHaveLength(1);
  const busy = both.traffic.filter(({ requests }: any) => requests > 0);
  for (const { p50_ms, p95_ms, p99_ms, errors } of busy) {
    expect(errors).toBe(0);
    expect(p50_ms).toBeGreaterThan(0);
    expect(p95_ms).toBeGreaterThanOrEqual(p50_ms);
    expect(p99_ms).toBeGreaterThanOrEqual(p95_ms);
  }
  expect(await other.terminate()).toBe(0);
  expect((await overview()).replicas).toHaveLength(1);
});
