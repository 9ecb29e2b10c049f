import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CodeStore } from '../../src/actors/auth/store-codes.ts';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { AuthSweepStore } from '../../src/actors/auth/store-sweep.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { LOCKS } from '../../src/database/locks.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { onEachBackend, onPostgres, type Backend } from '../support/backends.ts';
import { IDLE_SECONDS, NOW, after, newCode, newSession, newUser } from './rows.ts';

onEachBackend((backend) => {
  test('expired codes and sessions go in steps of a thousand, and the live ones stay', async () => {
    const { code, session, sessions, codes } = await liveRows(backend);
    await addExpired(backend, 2500);
    const [sweep] = backend.each((queries) => new AuthSweepStore(queries));
    const counts = await backend.counting(() => sweep.deleteExpired(NOW));
    expect(counts).toMatchObject({ codes_delete_expired: 3, sessions_delete_expired: 3 });
    expect(await backend.count('authorization_codes')).toBe(1);
    expect(await backend.count('sessions')).toBe(1);
    expect(await codes.claim([code], NOW)).toMatchObject([{ kind: 'claimed' }]);
    expect(await sessions.find(session, NOW)).toBeDefined();
  });

  test('what expires at the given time or later is not expired before it', async () => {
    await backend.empty('authorization_codes', 'sessions');
    const { codes } = await liveRows(backend);
    await codes.insert([newCode({ expiresAt: NOW }), newCode({ expiresAt: new Date(NOW.getTime() - 1) })]);
    const [sweep] = backend.each((queries) => new AuthSweepStore(queries));
    await sweep.deleteExpired(NOW);
    expect(await backend.count('authorization_codes')).toBe(2);
  });

  test('counts of failed logins go once their time is over', async () => {
    for (const [key, at] of [
      ['old', NOW.getTime() - 1],
      ['new', NOW.getTime()],
    ]) {
      await backend.rows('insert into login_attempts (key, points, expire) values (?, 1, ?::int8)', [
        key,
        at,
      ]);
    }
    const [sweep] = backend.each((queries) => new AuthSweepStore(queries));
    await sweep.deleteExpired(NOW);
    expect(await backend.rows('select key from login_attempts')).toEqual([{ key: 'new' }]);
  });
});

onPostgres((backend) => {
  test('one replica sweeps at a time, and the others leave it alone', async () => {
    await addExpired(backend, 5);
    const [sweep, other] = backend.each((queries) => new AuthSweepStore(queries));
    await backend.databases[1].queriesOf('test').exclusively(LOCKS.codeSweep, 'wait', async () => {
      await sweep.deleteExpired(NOW);
      expect(await backend.count('authorization_codes')).toBe(5);
    });
    await Promise.all([sweep.deleteExpired(NOW), other.deleteExpired(NOW)]);
    expect(await backend.count('authorization_codes')).toBe(0);
    expect(await backend.count('sessions')).toBe(0);
  });
});

async function liveRows(backend: Backend) {
  const [codes] = backend.each((queries) => new CodeStore(queries));
  const [sessions] = backend.each((queries) => new SessionStore(queries, IDLE_SECONDS));
  const [users] = backend.each((queries) => new UserStore(queries));
  const user = newUser();
  const [code, session] = [newCode({ expiresAt: after(NOW, 1) }), hashSecret<'session'>(randomUUID())];
  await users.insert(user);
  await codes.insert([code]);
  await sessions.insert(session, newSession(user.userId, { expiresAt: after(NOW, 1) }));
  return { code, session, codes, sessions };
}

async function addExpired(backend: Backend, count: number): Promise<void> {
  const [users] = backend.each((queries) => new UserStore(queries));
  const user = newUser();
  await users.insert(user);
  await backend.rows(
    `insert into authorization_codes (code_hash, grant_id, client_id, user_id, redirect_uri, scope, authenticated_at,
       issued_at, expires_at)
     select sha256(n::text::bytea), gen_random_uuid(), 'a-client', ?::uuid, '', '', at, at, at
     from generate_series(1, ?::int) as n, (select ?::timestamptz as at) as moment`,
    [user.userId, count, after(NOW, -1)],
  );
  await backend.rows(
    `insert into sessions (session_hash, user_id, authenticated_at, expires_at)
     select sha256(n::text::bytea), ?::uuid, at, at from generate_series(1, ?::int) as n, (select ?::timestamptz as at) as moment`,
    [user.userId, count, after(NOW, -1)],
  );
}
