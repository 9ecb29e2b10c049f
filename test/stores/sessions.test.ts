import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { UserStore, type NewUser } from '../../src/actors/auth/store-users.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, NOW, after, newUser } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new SessionStore(queries));

  const addUser = async (overrides: Partial<NewUser> = {}) => {
    const user = newUser({ roles: ['admin'], ...overrides });
    await backend.each((queries) => new UserStore(queries))[0].insert(user);
    return user;
  };

  test('a session is found on every replica until the clock that is passed in reaches its expiry', async () => {
    const [sessions, others] = stores();
    const user = await addUser();
    const hash = hashSecret<'session'>(randomUUID());
    await sessions.insert(hash, { userId: user.userId, authenticatedAt: NOW, expiresAt: after(NOW, 10) });
    const session = {
      userId: user.userId,
      username: user.username,
      roles: ['admin'],
      authenticatedAt: NOW,
    };
    expect(await others.find(hash, new Date(after(NOW, 10).getTime() - 1))).toEqual(session);
    expect(await others.find(hash, after(NOW, 10))).toBeUndefined();
    expect(await others.find(hashSecret('another'), NOW)).toBeUndefined();
  });

  test('the time of the login comes back to the millisecond', async () => {
    const [sessions] = stores();
    const { userId } = await addUser({ createdAt: new Date(0) });
    for (const authenticatedAt of AWKWARD_DATES) {
      const hash = hashSecret<'session'>(randomUUID());
      await sessions.insert(hash, { userId, authenticatedAt, expiresAt: after(NOW, 10) });
      expect((await sessions.find(hash, NOW))?.authenticatedAt).toEqual(authenticatedAt);
    }
  });

  test('a login that began before the password was changed begins no session', async () => {
    const [sessions, others] = stores();
    const user = await addUser();
    const [users] = backend.each((queries) => new UserStore(queries));
    await users.resetPassword(user.username, 'another hash', after(NOW, 5));
    const begin = (seconds: number) =>
      sessions.insert(hashSecret(randomUUID()), {
        userId: user.userId,
        authenticatedAt: after(NOW, seconds),
        expiresAt: after(NOW, 60),
      });
    expect([await begin(4), await begin(5)]).toEqual([false, true]);
    await users.disable(user.username, after(NOW, 6));
    expect(await begin(7)).toBe(false);
    expect(others).toBeDefined();
  });

  test('of many log-outs of one session at once exactly one hears whose it was', async () => {
    const rivals = stores();
    const { userId } = await addUser();
    const hash = hashSecret<'session'>(randomUUID());
    await rivals[0].insert(hash, { userId, authenticatedAt: NOW, expiresAt: after(NOW, 10) });
    const ended = await atOnce(10, rivals, (sessions) => sessions.end(hash, NOW));
    expect(ended.filter((owner) => owner !== undefined)).toEqual([userId]);
    expect(await rivals[1].find(hash, NOW)).toBeUndefined();
  });

  test('a session belongs to a user who exists', async () => {
    const [sessions] = stores();
    const orphan = { userId: randomUUID(), authenticatedAt: NOW, expiresAt: after(NOW, 10) };
    expect(await sessions.insert(hashSecret('orphan'), orphan)).toBe(false);
  });

  test('consent to more scope adds to what was allowed, for that client and user alone', async () => {
    const [sessions, others] = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    expect(await sessions.findConsent(userId, 'a-client')).toEqual([]);
    await sessions.saveConsent(userId, 'a-client', ['openid', 'read'], NOW);
    await others.saveConsent(userId, 'a-client', ['read', 'write'], after(NOW, 1));
    expect([...(await sessions.findConsent(userId, 'a-client'))].sort()).toEqual(['openid', 'read', 'write']);
    expect(await sessions.findConsent(userId, 'another-client')).toEqual([]);
    expect(await sessions.findConsent(neighbour.userId, 'a-client')).toEqual([]);
    expect(await backend.rows('select decided_at from consents where user_id = ?', [userId])).toEqual([
      { decided_at: after(NOW, 1) },
    ]);
  });

  test('of consents that arrive at once none is lost', async () => {
    const rivals = stores();
    const { userId } = await addUser();
    const scopes = Array.from({ length: 20 }, (_, index) => `scope:${String(index).padStart(2, '0')}`);
    await atOnce(20, rivals, (sessions, index) =>
      sessions.saveConsent(userId, 'a-client', ['openid', scopes[index]!], NOW),
    );
    expect([...(await rivals[0].findConsent(userId, 'a-client'))].sort()).toEqual(['openid', ...scopes]);
  });
});
