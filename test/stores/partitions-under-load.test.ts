import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { neededPartitions } from '../../src/actors/token/partitions.ts';
import { TokenStore } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { openPostgres, type Database } from '../../src/database/database.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { onPostgres } from '../support/backends.ts';
import { after, newAccessToken, newGrant, rotationOf } from './rows.ts';

const DAYS = 10;
const DAY_SECONDS = 86_400;
const LOOPS_PER_REPLICA = 4;

/** A statement of the load that waits so long for any lock fails, and the test with it. */
const LOCK_TIMEOUT_MS = 400;

/** For so long each day somebody reads all tokens, as pg_dump does: longer than the load would wait. */
const READING_MS = 700;

const TIMEOUT_MS = 120_000;

onPostgres((backend) => {
  const replicas: Database[] = [];
  const failures: unknown[] = [];
  const done = { issued: 0, introspected: 0, rotated: 0 };
  let now = new Date('2031-02-24T12:00:00Z');
  let isOver = false;

  beforeAll(() => {
    const url = new URL(backend.url);
    url.searchParams.set('options', `-c lock_timeout=${LOCK_TIMEOUT_MS}ms`);
    const options = { url: url.href, poolSize: LOOPS_PER_REPLICA, statementTimeoutMs: 20_000 };
    replicas.push(openPostgres(options), openPostgres(options));
  });

  afterAll(() => Promise.all(replicas.map((replica) => replica.close())));

  /** Issues, introspects and rotates until it is over, for one to seven days, which no sweep may touch meanwhile. */
  const load = async (tokens: TokenStore) => {
    for (let turn = 0; !isOver; turn += 1) {
      const times = {
        issuedAt: epochSeconds(now),
        expiresAt: epochSeconds(now) + (1 + (turn % 7)) * DAY_SECONDS,
      };
      const [token, grant] = [newAccessToken(times), newGrant(times, { expiresAt: times.expiresAt })];
      const rotation = rotationOf(grant, 0, {
        issuedAt: times.issuedAt,
        accessTokenExpiresAt: times.expiresAt,
        grantExpiresAt: times.expiresAt,
      });
      try {
        await tokens.insertAccessTokens([token]);
        await tokens.openGrants([grant]);
        done.issued += 2;
        if ((await tokens.rotate([rotation]))[0]) done.rotated += 1;
        const live = await tokens.areLive([token, grant.accessToken]);
        done.introspected += live.filter(Boolean).length;
      } catch (error) {
        failures.push(error);
      }
    }
  };

  test(
    'ten days of partitions come and go, and no statement on tokens fails or waits for it',
    async () => {
      const [sweep, other] = backend.each((queries) => new TokenSweepStore(queries));
      await sweep.ensurePartitions(now, 'wait');
      const loops = replicas.flatMap((replica) =>
        Array.from({ length: LOOPS_PER_REPLICA }, () => load(new TokenStore(replica.queriesOf('test')))),
      );
      const [seen, before] = [new Set(await names()), { ...done }];
      for (let day = 0; day < DAYS; day += 1) {
        now = after(now, DAY_SECONDS);
        const reader = await backend.databases[1].knex.transaction();
        await reader.raw('select from access_tokens limit 1');
        const swept = Promise.all([housekeeping(sweep), housekeeping(other)]);
        await sleep(READING_MS);
        await reader.rollback();
        await swept;
        // The one that came second left what the first had not done yet.
        await sweep.dropPartitions(now);
        expect(await names()).toEqual(neededPartitions(now).map(({ name }) => name));
        for (const name of await names()) seen.add(name);
      }
      isOver = true;
      await Promise.all(loops);
      expect(failures).toEqual([]);
      expect(seen.size).toBe(neededPartitions(now).length + DAYS);
      // All that was issued was found again and rotated, and that went on all the time.
      expect(done).toEqual({ issued: done.issued, introspected: done.issued, rotated: done.issued / 2 });
      expect(done.issued - before.issued).toBeGreaterThan(DAYS * LOOPS_PER_REPLICA);
    },
    TIMEOUT_MS,
  );

  const housekeeping = async (sweep: TokenSweepStore) => {
    await sweep.ensurePartitions(now, 'wait');
    await sweep.dropPartitions(now);
  };

  const names = async () => {
    const sql = `select relname as name from pg_class
      where relkind = 'r' and relname like 'access\\_tokens\\_%' order by relname`;
    return (await backend.rows<{ name: string }>(sql)).map(({ name }) => name);
  };
});
