import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query } from '../attacks/database.ts';
import { adminBySession, adminByToken, type AdminCaller } from '../support/admin.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: AdminCaller;

beforeAll(async () => {
  server = await startServer();
  admin = await adminBySession(server);
});
afterAll(() => server.stop());

const list = async (query: string) => (await admin.call('GET', `/audit-events?${query}`)).body.items as any[];

test('who did what to whom is found by kind, client, user and time', async () => {
  const machine = await adminByToken(server);
  const made = await machine.call('POST', '/clients', {
    client_name: 'A',
    grant_types: ['client_credentials'],
  });
  const clientId = made.body.client.client_id as string;
  await admin.call('PATCH', `/clients/${clientId}`, { client_name: 'B' }, { 'if-match': '*' });
  const events = await eventually(
    () => list(`client_id=${clientId}`),
    ({ length }) => length === 2,
  );
  expect(events.map(({ type }) => type)).toEqual(['client_updated', 'client_registered']);
  expect(events[0]).toMatchObject({ actor: /^user:/, detail: { fields: ['clientName'] } } as never);
  expect(events[0]).toMatchObject({ actor_name: 'admin', client_name: 'B' });
  expect(events[1].actor).toMatch(/^client:/);
  expect(events[1].actor_name).toBe('Automation');
  expect(await list(`client_id=${clientId}&type=client_updated`)).toEqual([events[0]]);
  const userId = events[0].actor.slice('user:'.length) as string;
  expect((await list(`user_id=${userId}&type=login_succeeded`)).length).toBeGreaterThan(0);
  expect(await list(`client_id=${clientId}&from=${events[0].occurred_at}`)).toEqual([events[0]]);
  expect(await list(`client_id=${clientId}&until=${events[0].occurred_at}`)).toEqual([events[1]]);
  for (const query of ['type=nothing', 'from=yesterday', 'user_id=me']) {
    expect((await admin.call('GET', `/audit-events?${query}`)).status).toBe(400);
  }
});

test('all of it is exported line by line, also what takes several pages', async () => {
  const sql = `
    insert into audit_events (occurred_at, type, detail)
    select now() - number * interval '1 second', 'signing_keys_rotated', jsonb_build_object('number', number)
    from generate_series(1, 2500) as number`;
  await query(server, sql);
  const exported = await admin.call('GET', '/audit-events/export?type=signing_keys_rotated');
  expect(exported.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (exported.body as string).trimEnd().split('\n');
  const numbers = lines.map((line) => (JSON.parse(line) as any).detail.number as number);
  expect(numbers).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
  const shown = await list('type=signing_keys_rotated&limit=200');
  expect(lines.slice(0, 200).map((line) => JSON.parse(line))).toEqual(shown);
  const none = await admin.call('GET', '/audit-events/export?type=code_replayed');
  expect(none).toMatchObject({ status: 200, body: '' });
});
