import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../attacks/database.ts';
import { cachedReadiness } from '../../src/http/readiness.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

async function ready(): Promise<{ status: number; body: any }> {
  const response = await fetch(`${server.issuer}/ready`);
  return { status: response.status, body: await response.json() };
}

test('a healthy process says so, and what it looked at to say that it is ready', async () => {
  const health = await fetch(`${server.issuer}/health`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  expect(await ready()).toEqual({
    status: 200,
    body: { status: 'ready', checks: { database: 'ok', signingKeys: 'ok', actors: 'ok' } },
  });
});

test('a process that is not ready says which check failed, and is ready again when it holds', async () => {
  const [last] = await query(server, 'select * from schema_migrations order by name desc limit 1');
  await query(server, 'delete from schema_migrations where name = $1', [last!.name]);
  const failing = await eventually(ready, ({ status }) => status === 503);
  expect(failing.body).toEqual({
    status: 'not ready',
    checks: { database: 'schema behind', signingKeys: 'ok', actors: 'ok' },
  });
  // The process itself is well: to restart it would help nobody.
  expect((await fetch(`${server.issuer}/health`)).status).toBe(200);
  await query(server, 'insert into schema_migrations (name, batch, migration_time) values ($1, $2, now())', [
    last!.name,
    last!.batch,
  ]);
  await eventually(ready, ({ status }) => status === 200);
});

describe('the checks', () => {
  test('run once for a storm of probes, and anew when their answer is old', async () => {
    let runs = 0;
    const readiness = cachedReadiness(
      {
        slow: async () => {
          runs += 1;
          await sleep(5);
          return true as const;
        },
      },
      { maxAgeMs: 100, checkTimeoutMs: 1000 },
    );
    const reports = await Promise.all(Array.from({ length: 1000 }, () => readiness()));
    expect(runs).toBe(1);
    expect(reports[0]).toEqual({ ready: true, checks: { slow: 'ok' } });
    expect(new Set(reports)).toEqual(new Set([reports[0]]));
    await sleep(120);
    await readiness();
    expect(runs).toBe(2);
  });

  test('that hang are answered for in time, and not begun again while they do', async () => {
    let begun = 0;
    let release!: (value: true) => void;
    const hanging = () => {
      begun += 1;
      return new Promise<true>((resolve) => (release = resolve));
    };
    const readiness = cachedReadiness({ hanging, fine: () => true }, { maxAgeMs: 10, checkTimeoutMs: 30 });
    for (let round = 0; round < 3; round += 1) {
      expect(await readiness()).toEqual({
        ready: false,
        checks: { hanging: 'no answer in time', fine: 'ok' },
      });
      await sleep(15);
    }
    expect(begun).toBe(1);
    release(true);
    await sleep(15);
    void readiness();
    expect(begun).toBe(2);
  });

  test('that throw are failed, without the error’s words', async () => {
    const readiness = cachedReadiness(
      {
        sync: () => {
          throw new Error('a password');
        },
        async: () => Promise.reject(new Error('a password')),
        words: () => 'the reason',
        fine: () => true,
      },
      { maxAgeMs: 100, checkTimeoutMs: 1000 },
    );
    expect(await readiness()).toEqual({
      ready: false,
      checks: { sync: 'failed', async: 'failed', words: 'the reason', fine: 'ok' },
    });
  });
});
