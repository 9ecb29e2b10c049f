import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SessionStore, type NewSession } from '../../src/actors/auth/store-sessions.ts';
import { UserStore, type NewUser } from '../../src/actors/auth/store-users.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, IDLE_SECONDS, NOW, after, newSession, newUser, versionOf } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new SessionStore(queries, IDLE_SECONDS));

  const addUser = async (overrides: Partial<NewUser> = {}) => {
    const user = newUser({ roles: ['admin'], ...overrides });
    await backend.each((queries) => new UserStore(queries))[0].insert(user);
    return user;
  };

  test('a session is found on every replica until the clock that is passed in reaches its expiry', async () => {
    const [sessions, others] = stores();
    const user = await addUser();
    const hash = hashSecret<'session'>(randomUUID());
    await sessions.insert(hash, newSession(user.userId, { expiresAt: after(NOW, 10) }));
    const session = {
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      userId: user.userId,
      username: user.username,
      roles: ['admin'],
      authenticatedAt: NOW,
    };
    expect(await others.find(hash, new Date(after(NOW, 10).getTime() - 1))).toEqual({
      session,
      lastSeenAt: NOW,
    });
    expect(await others.find(hash, after(NOW, 10))).toBeUndefined();
    expect(await others.find(hashSecret('another'), NOW)).toBeUndefined();
  });

  test('the time of the login comes back to the millisecond', async () => {
    const [sessions] = stores();
    const { userId } = await addUser({ createdAt: new Date(0) });
    const passwordVersion = versionOf(new Date(0));
    for (const authenticatedAt of AWKWARD_DATES) {
      const hash = hashSecret<'session'>(randomUUID());
      await sessions.insert(
        hash,
        newSession(userId, { passwordVersion, authenticatedAt, expiresAt: after(NOW, 10) }),
      );
      expect((await sessions.find(hash, NOW))?.session.authenticatedAt).toEqual(authenticatedAt);
    }
  });

  test('a login that began before the password was changed begins no session, nor does one that saw the old', async () => {
    const [sessions] = stores();
    const user = await addUser();
    const [users] = backend.each((queries) => new UserStore(queries));
    const found = await users.credentials(user.username);
    expect(found?.passwordVersion).toBe(versionOf(NOW));
    await users.resetPassword(user.username, 'another hash', after(NOW, 5));
    const begin = (seconds: number, passwordVersion = versionOf(after(NOW, 5))) =>
      sessions.insert(
        hashSecret(randomUUID()),
        newSession(user.userId, { passwordVersion, authenticatedAt: after(NOW, seconds) }),
      );
    expect([await begin(4), await begin(5)]).toEqual([false, true]);
    // Looked up after the time of the change and before its commit.
    expect(await begin(6, found!.passwordVersion)).toBe(false);
    await users.rehash(user.userId, 'another hash', 'the same at another cost');
    expect(await begin(6)).toBe(true);
    await users.disable(user.username, after(NOW, 6));
    expect(await begin(7)).toBe(false);
  });

  test('a session that a change of the password should have ended, and did not, is dead', async () => {
    const [sessions, others] = stores();
    const user = await addUser();
    const { hash } = await begin(user.userId);
    const change = (at: string) =>
      backend.rows('update users set password_changed_at = ?::timestamptz where id = ?', [at, user.userId]);
    const isLive = async () => {
      const listed = await others.list(user.userId, NOW, 10);
      expect((await sessions.find(hash, NOW)) !== undefined).toBe(listed.length === 1);
      return listed.length === 1;
    };
    await change(NOW.toISOString());
    expect(await isLive()).toBe(true);
    await change(NOW.toISOString().replace('Z', '001Z')); // a microsecond later
    expect(await isLive()).toBe(false);
  });

  test('of many log-outs of one session at once exactly one hears whose it was', async () => {
    const rivals = stores();
    const { userId } = await addUser();
    const hash = hashSecret<'session'>(randomUUID());
    await rivals[0].insert(hash, newSession(userId, { expiresAt: after(NOW, 10) }));
    const ended = await atOnce(10, rivals, (sessions) => sessions.end(hash, NOW));
    expect(ended.filter((owner) => owner !== undefined)).toEqual([userId]);
    expect(await rivals[1].find(hash, NOW)).toBeUndefined();
  });

  test('a session belongs to a user who exists', async () => {
    const [sessions] = stores();
    expect(await sessions.insert(hashSecret('orphan'), newSession(randomUUID()))).toBe(false);
  });

  /** Begins a session; resolves to its hash and its public id. */
  const begin = async (userId: string, overrides: Partial<NewSession> = {}) => {
    const [sessions] = stores();
    const hash = hashSecret<'session'>(randomUUID());
    const session = newSession(userId, overrides);
    expect(await sessions.insert(hash, session)).toBe(true);
    const found = await sessions.find(hash, session.authenticatedAt);
    return { hash, id: found!.session.sessionId };
  };

  test('a session that nobody has seen for long is not live, until a stamp says otherwise', async () => {
    const [sessions, others] = stores();
    const { userId } = await addUser();
    const { hash, id } = await begin(userId, { expiresAt: after(NOW, 10 * IDLE_SECONDS) });
    const isLive = async (seconds: number) => {
      const now = after(NOW, seconds);
      const listed = await sessions.list(userId, now, 10);
      expect((await others.find(hash, now)) !== undefined).toBe(listed.length === 1);
      return listed.length === 1;
    };
    expect([await isLive(IDLE_SECONDS - 0.001), await isLive(IDLE_SECONDS)]).toEqual([true, false]);
    await others.stampLastSeen(new Map([[id, after(NOW, 600)]]));
    expect([await isLive(IDLE_SECONDS), await isLive(IDLE_SECONDS + 600)]).toEqual([true, false]);
    // A stamp that comes late takes nothing back.
    await sessions.stampLastSeen(new Map([[id, after(NOW, 300)]]));
    expect((await others.find(hash, NOW))?.lastSeenAt).toEqual(after(NOW, 600));
  });

  test('stamps of many sessions are one statement, and those of two replicas do not hinder each other', async () => {
    const rivals = stores();
    const { userId } = await addUser();
    const ids: string[] = [];
    for (let index = 0; index < 40; index += 1) ids.push((await begin(userId)).id);
    for (let round = 1; round <= 10; round += 1) {
      const orders = [ids, ids.toReversed()];
      await atOnce(4, rivals, (sessions, index) =>
        sessions.stampLastSeen(new Map(orders[index % 2]!.map((id) => [id, after(NOW, round)]))),
      );
      const listed = await rivals[0].list(userId, NOW, 100);
      expect(listed.map(({ lastSeenAt }) => lastSeenAt)).toEqual(ids.map(() => after(NOW, round)));
    }
    const counts = await backend.counting(() =>
      rivals[0].stampLastSeen(new Map(ids.map((id) => [id, after(NOW, 60)]))),
    );
    expect(counts).toEqual({ sessions_stamp: 1 });
    await rivals[0].stampLastSeen(new Map([[randomUUID(), NOW]]));
  });

  test('a stamp waits for nobody: a session that another statement holds is left out', async () => {
    if (backend.kind === 'PGlite') return; // one connection, so nobody else can hold anything
    const [sessions] = stores();
    const { userId } = await addUser();
    const [held, free] = [await begin(userId), await begin(userId)];
    const holder = await backend.knex.transaction();
    await holder.raw('update sessions set ended_at = ? where id = ?', [NOW, held.id]);
    const times = [held.id, free.id].map((id) => [id, after(NOW, 9)] as const);
    await sessions.stampLastSeen(new Map(times));
    await holder.commit();
    expect((await sessions.list(userId, NOW, 10)).map(({ sessionId }) => sessionId)).toEqual([free.id]);
    expect((await sessions.find(free.hash, NOW))?.lastSeenAt).toEqual(after(NOW, 9));
  });

  test('a person’s sessions are listed as they were begun, the newest first, and nobody else’s', async () => {
    const [sessions, others] = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    const older = await begin(userId, { userAgent: null, remoteAddress: null });
    const newer = await begin(userId, { authenticatedAt: after(NOW, 1), userAgent: 'žluťoučký 🐎 <b>' });
    await begin(neighbour.userId);
    const ended = await begin(userId);
    await sessions.end(ended.hash, NOW);
    const listed = await others.list(userId, after(NOW, 2), 100);
    const common = { expiresAt: after(NOW, 3600) };
    expect(listed).toEqual([
      {
        ...common,
        sessionId: newer.id,
        authenticatedAt: after(NOW, 1),
        lastSeenAt: after(NOW, 1),
        remoteAddress: '192.0.2.7',
        userAgent: 'žluťoučký 🐎 <b>',
      },
      {
        ...common,
        sessionId: older.id,
        authenticatedAt: NOW,
        lastSeenAt: NOW,
        remoteAddress: null,
        userAgent: null,
      },
    ]);
    expect(await sessions.list(userId, NOW, 1)).toHaveLength(1);
  });

  test('a session is ended by its public id, once, and by its owner alone', async () => {
    const rivals = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    const { hash, id } = await begin(userId);
    expect(await rivals[0].endById(neighbour.userId, id, NOW)).toBe(false);
    expect(await rivals[1].find(hash, NOW)).toBeDefined();
    const ended = await atOnce(10, rivals, (sessions) => sessions.endById(userId, id, NOW));
    expect(ended.filter(Boolean)).toHaveLength(1);
    expect(await rivals[1].find(hash, NOW)).toBeUndefined();
  });

  test('all sessions but one are ended, then that one too, also those that were not seen for long', async () => {
    const rivals = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    const foreign = await begin(neighbour.userId);
    const kept = await begin(userId);
    for (let index = 0; index < 9; index += 1) await begin(userId);
    const forgotten = await begin(userId, { expiresAt: after(NOW, 10 * IDLE_SECONDS) });
    const now = after(NOW, IDLE_SECONDS + 1);
    const counts = await atOnce(6, rivals, (sessions) => sessions.endOthers(userId, kept.id, now));
    expect(counts.toSorted((a, b) => b - a)).toEqual([10, 0, 0, 0, 0, 0]);
    await rivals[0].stampLastSeen(new Map([[forgotten.id, now]]));
    expect(await rivals[0].find(forgotten.hash, now)).toBeUndefined();
    expect(await rivals[1].list(userId, NOW, 10)).toHaveLength(1);
    expect(await rivals[1].endOthers(userId, null, NOW)).toBe(1);
    expect(await rivals[0].find(kept.hash, NOW)).toBeUndefined();
    expect(await rivals[0].find(foreign.hash, NOW)).toBeDefined();
  });
});
