import { beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { neededPartitions } from '../../src/actors/token/partitions.ts';
import { TokenStore, type NewAccessToken } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { openPostgres, type Statement } from '../../src/database/database.ts';
import { LOCKS } from '../../src/database/locks.ts';
import { TemporarilyUnavailable } from '../../src/oauth/errors.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { atOnce, onEachBackend, onPostgres, type Backend } from '../support/backends.ts';
import { NOW, after, newAccessToken, newGrant, rotationOf } from './rows.ts';
import { eventually } from '../support/eventually.ts';

const DAY_SECONDS = 86_400;

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new TokenSweepStore(queries));
  const tokenStores = () => backend.each((queries) => new TokenStore(queries));

  beforeEach(() => dropPartitions(backend));

  test('over twelve days partitions come and go, and with the last of them their tokens', async () => {
    const [midnight, tokens] = [new Date('2031-02-25T00:00:00Z'), tokenStores()];
    const issued: NewAccessToken[] = [];
    for (let day = 0; day < 12; day += 1) {
      // Just before and just after the partition of the day before may go.
      for (const minutes of [59, 61]) {
        const now = after(midnight, day * DAY_SECONDS + minutes * 60);
        const sweep = stores()[minutes % 2]!;
        await sweep.ensurePartitions(now, 'wait');
        await sweep.dropPartitions(now);
        const oldest = minutes < 60 && day > 0 ? after(now, -DAY_SECONDS) : now;
        expect(await partitions(backend)).toEqual([...new Set([...named(oldest), ...named(now)])].sort());
        const token = newAccessToken({
          issuedAt: epochSeconds(now),
          expiresAt: epochSeconds(now) + DAY_SECONDS,
        });
        await tokens[0].insertAccessTokens([token]);
        issued.push(token);
        const firstDay = Math.floor(oldest.getTime() / 1000 / DAY_SECONDS) * DAY_SECONDS;
        expect(await tokens[1].areLive(issued)).toEqual(issued.map(({ expiresAt }) => expiresAt >= firstDay));
      }
    }
    expect(await backend.count('access_tokens')).toBe(4);
  });

  test('a partition refuses tokens of another day, and finds its own by their index', async () => {
    const [sweep] = stores();
    await sweep.ensurePartitions(NOW, 'wait');
    const [first] = neededPartitions(NOW);
    const indexes = await backend.rows<{ indexdef: string }>(
      'select indexdef from pg_indexes where tablename = ? order by indexdef',
      [first!.name],
    );
    expect(indexes.map(({ indexdef }) => indexdef.replace(/^.* USING /, ''))).toEqual([
      'btree (client_id, issued_at, id)',
      'btree (user_id, issued_at, id) WHERE (user_id IS NOT NULL)',
      'btree (id, expires_at)',
    ]);
    const [tokens] = tokenStores();
    const beyond = newAccessToken({ expiresAt: epochSeconds(NOW) + 10 * DAY_SECONDS });
    await expect(tokens.insertAccessTokens([beyond])).rejects.toMatchObject({ sqlState: '23514' });
  });

  test('replicas that make the same partitions at once make each of them once', async () => {
    await atOnce(6, stores(), (sweep) => sweep.ensurePartitions(NOW, 'wait'));
    expect(await partitions(backend)).toEqual(named(NOW));
    await atOnce(6, stores(), (sweep) => sweep.dropPartitions(after(NOW, 30 * DAY_SECONDS)));
    await stores()[0].dropPartitions(after(NOW, 30 * DAY_SECONDS));
    expect(await partitions(backend)).toEqual([]);
  });

  test('expired grants go in steps of a thousand, and the live ones stay', async () => {
    const [tokens] = tokenStores();
    await stores()[0].ensurePartitions(NOW, 'wait');
    await backend.empty('grants');
    await addExpiredGrants(backend, 2500);
    const live = newGrant({}, { expiresAt: epochSeconds(NOW) + 1 });
    await tokens.openGrants([live]);
    const counts = await backend.counting(() => stores()[0].deleteExpiredGrants(NOW));
    expect(counts).toMatchObject({ grants_delete_expired: 3 });
    expect(await backend.count('grants')).toBe(1);
    expect(await tokens.areLive([live.accessToken])).toEqual([true]);
  });

  test('a grant whose day is unknown or too early stays until it has expired', async () => {
    const [tokens] = tokenStores();
    const [sweep] = stores();
    await sweep.ensurePartitions(NOW, 'wait');
    await backend.empty('grants');
    await tokens.openGrants([newGrant({}, { expiresAt: epochSeconds(NOW) + 5 * DAY_SECONDS })]);
    for (const day of ['-infinity', '2000-01-01']) {
      await backend.rows('update grants set expires_on = ?::date', [day]);
      await sweep.deleteExpiredGrants(NOW);
      const expected = [{ day: '2031-03-10' }];
      expect(await backend.rows('select expires_on::text as day from grants')).toEqual(expected);
    }
    await sweep.deleteExpiredGrants(after(NOW, 5 * DAY_SECONDS));
    expect(await backend.count('grants')).toBe(1);
    await sweep.deleteExpiredGrants(after(NOW, 6 * DAY_SECONDS));
    expect(await backend.count('grants')).toBe(0);
  });

  test('a revocation goes when nothing is left that it revokes', async () => {
    const [[tokens], [sweep]] = [tokenStores(), stores()];
    await sweep.ensurePartitions(NOW, 'wait');
    await backend.empty('grants', 'access_tokens', 'revocations');
    const userId = randomUUID();
    const issuedAt = epochSeconds(NOW);
    const day = { issuedAt, expiresAt: issuedAt + 60 };
    await tokens.insertAccessTokens([newAccessToken({ clientId: 'with-token', ...day })]);
    await tokens.insertAccessTokens([newAccessToken({ clientId: 'later', issuedAt: issuedAt + 20 })]);
    await tokens.openGrants([newGrant({ clientId: 'with-grant', userId, ...day })]);
    await backend.empty('access_tokens');
    await tokens.insertAccessTokens([newAccessToken({ clientId: 'with-token', ...day })]);
    const subjects = ['client:with-token', 'client:with-grant', `user:${userId}`] as const;
    const others = ['client:later', 'client:nothing', `user:${randomUUID()}`] as const;
    for (const subject of [...subjects, ...others]) await tokens.revokeIssued(subject, after(NOW, 10));
    await tokens.revokeIssued('client:recent', after(NOW, 60));
    await tokens.bar('client:disabled');
    const left = async () => {
      const rows = await backend.rows<{ subject: string }>(
        'select subject from revocations order by subject',
      );
      return rows.map(({ subject }) => subject);
    };
    await sweep.pruneRevocations(after(NOW, 30));
    expect(await left()).toEqual([...subjects, 'client:disabled', 'client:recent'].sort());
    await backend.empty('grants', 'access_tokens');
    await sweep.pruneRevocations(after(NOW, 30));
    expect(await left()).toEqual(['client:disabled', 'client:recent']);
  });

  test('revocations are looked at in steps of a thousand, ten of them in one sweep', async () => {
    const [sweep] = stores();
    await backend.empty('revocations');
    await backend.rows(
      `insert into revocations (subject, issued_until)
       select 'client:' || number, ?::timestamptz from generate_series(1, 10500) as number`,
      [NOW],
    );
    const counts = await backend.counting(() => sweep.pruneRevocations(after(NOW, 30)));
    expect(counts).toMatchObject({ revocations_prune: 10 });
    expect(await backend.count('revocations')).toBe(500);
    await sweep.pruneRevocations(after(NOW, 30));
    expect(await backend.count('revocations')).toBe(0);
  });
});

onPostgres((backend) => {
  const stores = () => backend.each((queries) => new TokenSweepStore(queries));
  const longAfter = after(NOW, 30 * DAY_SECONDS);

  test('one replica cleans up at a time, and the others leave it alone', async () => {
    const [sweep, other] = stores();
    await sweep.ensurePartitions(NOW, 'wait');
    await addExpiredGrants(backend, 5);
    const holder = backend.databases[1].queriesOf('test');
    await holder.exclusively(LOCKS.tokenPartitions, 'wait', () => sweep.ensurePartitions(longAfter, 'skip'));
    await holder.exclusively(LOCKS.grantSweep, 'wait', () => sweep.deleteExpiredGrants(NOW));
    expect(await partitions(backend)).toEqual(named(NOW));
    expect(await backend.count('grants')).toBe(5);
    await Promise.all([sweep.deleteExpiredGrants(NOW), other.deleteExpiredGrants(NOW)]);
    expect(await backend.count('grants')).toBe(0);
  });

  test('whoever needs partitions waits for the one who is making them', async () => {
    const [sweep] = stores();
    let isReleased = false;
    const later = after(NOW, 20 * DAY_SECONDS);
    let waiting: Promise<void> | undefined;
    await backend.databases[1].queriesOf('test').exclusively(LOCKS.tokenPartitions, 'wait', async () => {
      waiting = sweep.ensurePartitions(later, 'wait').then(() => {
        expect(isReleased).toBe(true);
      });
      await untilWaiting(backend);
      isReleased = true;
    });
    await waiting;
    expect(await partitions(backend)).toEqual(expect.arrayContaining(named(later)));
  });

  test('a partition that somebody still reads is dropped the next time, and holds nobody up', async () => {
    const [tokens] = backend.each((queries) => new TokenStore(queries));
    const impatient = openPostgres({
      url: backend.url,
      poolSize: 1,
      statementTimeoutMs: 300,
      connectTimeoutMs: 20_000,
    });
    const sweep = new TokenSweepStore(impatient.queriesOf('test'));
    await dropPartitions(backend);
    await stores()[0].ensurePartitions(NOW, 'wait');
    const [first] = named(NOW);
    const nextDay = after(NOW, DAY_SECONDS);
    const token = newAccessToken({ expiresAt: epochSeconds(nextDay) + 60 });
    const reader = await backend.databases[1].knex.transaction();
    try {
      await reader.raw('select from access_tokens limit 1');
      await expect(sweep.dropPartitions(nextDay)).rejects.toBeInstanceOf(TemporarilyUnavailable);
      await tokens.insertAccessTokens([token]);
      expect(await tokens.areLive([token])).toEqual([true]);
      expect(await tables(backend)).toContain(first);
    } finally {
      await reader.rollback();
    }
    await sweep.dropPartitions(nextDay);
    await impatient.close();
    expect(await tables(backend)).toEqual(named(NOW).slice(1));
    expect(await tokens.areLive([token])).toEqual([true]);
  });

  test('a rotation writes the grant in place, and no index', async () => {
    await stores()[0].ensurePartitions(NOW, 'wait');
    const [grant, queries] = [newGrant(), backend.databases[0].queriesOf('test')];
    const updates = await queries.transaction(async ({ query }) => {
      const tokens = new TokenStore({ ...queries, query });
      await tokens.openGrants([grant]);
      for (let generation = 0; generation < 20; generation += 1) {
        await tokens.rotate([rotationOf(grant, generation)]);
      }
      const sql = `select pg_stat_get_xact_tuples_updated('grants'::regclass)::int as updated,
        pg_stat_get_xact_tuples_hot_updated('grants'::regclass)::int as in_place`;
      return query({ name: 'updates', sql });
    });
    expect(updates).toEqual([{ updated: 20, in_place: 20 }]);
  });

  test('what an interrupted sweep detached is dropped, and what somebody else detached is kept', async () => {
    const [sweep] = stores();
    await dropPartitions(backend);
    await sweep.ensurePartitions(NOW, 'wait');
    const [archived, left] = named(NOW) as [string, string];
    await backend.rows(`alter table access_tokens detach partition ${archived}`);
    const failing = {
      ...backend.databases[0].queriesOf('test'),
      query: <Row>(statement: Statement, bindings?: readonly unknown[]) =>
        statement.name === 'partition_drop'
          ? Promise.reject(new Error('interrupted'))
          : backend.databases[0].queriesOf('test').query<Row>(statement, bindings),
    };
    const later = after(NOW, 2 * DAY_SECONDS);
    await expect(new TokenSweepStore(failing).dropPartitions(later)).rejects.toThrow('interrupted');
    expect(await partitions(backend)).not.toContain(left);
    expect(await tables(backend)).toEqual(named(NOW));
    await sweep.dropPartitions(later);
    expect(await tables(backend)).toEqual(named(NOW).filter((name) => name !== left));
    await backend.rows(`drop table ${archived}`);
  });
});

function named(now: Date): string[] {
  return neededPartitions(now).map(({ name }) => name);
}

async function partitions(backend: Backend): Promise<string[]> {
  const sql = `select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'access_tokens'::regclass order by name`;
  return (await backend.rows<{ name: string }>(sql)).map(({ name }) => name);
}

/** The partitions, and the tables that are none any more. */
async function tables(backend: Backend): Promise<string[]> {
  const sql = `select relname as name from pg_class
    where relkind = 'r' and relname like 'access\\_tokens\\_%' order by relname`;
  return (await backend.rows<{ name: string }>(sql)).map(({ name }) => name);
}

async function dropPartitions(backend: Backend): Promise<void> {
  for (const name of await partitions(backend)) await backend.rows(`drop table ${name}`);
}

async function addExpiredGrants(backend: Backend, count: number): Promise<void> {
  await backend.rows(
    `insert into grants (id, client_id, user_id, scope, created_at, expires_at)
     select gen_random_uuid(), 'a-client', ?::uuid, '', at, at
     from generate_series(1, ?::int), (select ?::timestamptz as at) as moment`,
    [randomUUID(), count, after(NOW, -1)],
  );
}

async function untilWaiting(backend: Backend): Promise<void> {
  const sql = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await eventually(
    () => backend.rows(sql),
    ({ length }) => length > 0,
  );
}
