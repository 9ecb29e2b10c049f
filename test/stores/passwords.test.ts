import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PasswordStore } from '../../src/actors/auth/store-passwords.ts';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { hashSecret, type SessionHash } from '../../src/oauth/secret.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { IDLE_SECONDS, NOW, after, newSession, newUser } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new PasswordStore(queries));
  const [users, sessions] = [
    () => backend.each((queries) => new UserStore(queries))[1],
    () => backend.each((queries) => new SessionStore(queries, IDLE_SECONDS))[1],
  ];

  const begin = async (userId: string) => {
    const hash: SessionHash = hashSecret(randomUUID());
    await sessions().insert(hash, newSession(userId));
    return hash;
  };
  const setting = async () => {
    const user = newUser();
    await users().insert(user);
    const [mine, elsewhere] = [await begin(user.userId), await begin(user.userId)];
    const fresh: SessionHash = hashSecret(randomUUID());
    const session = { replaces: mine, hash: fresh, expiresAt: after(NOW, 600), remoteAddress: '192.0.2.8' };
    const change = {
      userId: user.userId,
      from: user.passwordHash,
      to: 'another',
      now: after(NOW, 1),
      session,
    };
    return { user, mine, elsewhere, fresh, change };
  };
  const isLive = async (hash: SessionHash) => (await sessions().find(hash, after(NOW, 1))) !== undefined;

  test('a password is changed with all sessions ended but the one that takes the place of the one that asked', async () => {
    const [passwords, others] = stores();
    const { user, mine, elsewhere, fresh, change } = await setting();
    const neighbour = await setting();
    const own = { username: user.username, passwordHash: user.passwordHash };
    expect(await others.credentialsOf(user.userId)).toEqual(own);
    expect(await passwords.change(change)).toBe(true);
    expect(await others.credentialsOf(user.userId)).toEqual({ ...own, passwordHash: 'another' });
    expect([await isLive(mine), await isLive(elsewhere), await isLive(fresh)]).toEqual([false, false, true]);
    expect(await sessions().list(user.userId, after(NOW, 1), 10)).toEqual([
      {
        sessionId: expect.any(String),
        authenticatedAt: after(NOW, 1),
        lastSeenAt: after(NOW, 1),
        expiresAt: after(NOW, 600),
        remoteAddress: '192.0.2.8',
        userAgent: 'A browser',
      },
    ]);
    expect(await backend.rows('select password_changed_at from users where id = ?', [user.userId])).toEqual([
      { password_changed_at: after(NOW, 1) },
    ]);
    expect(await isLive(neighbour.mine)).toBe(true);
  });

  test('of changes at once one is made', async () => {
    const rivals = stores();
    for (let round = 0; round < 5; round += 1) {
      const { change, user } = await setting();
      const made = await atOnce(6, rivals, (passwords, index) =>
        passwords.change({
          ...change,
          to: `new ${index}`,
          session: { ...change.session, hash: hashSecret(randomUUID()) },
        }),
      );
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await sessions().list(user.userId, NOW, 10)).toHaveLength(1);
    }
  });

  test('nothing changes from another password, by a session that has ended or is somebody else’s, or for the disabled', async () => {
    const [passwords] = stores();
    const { user, mine, elsewhere, change } = await setting();
    const stranger = await setting();
    const by = (replaces: SessionHash) => ({ ...change, session: { ...change.session, replaces } });
    expect(await passwords.change({ ...change, from: 'not this one' })).toBe(false);
    expect(await passwords.change(by(stranger.mine))).toBe(false);
    expect([await isLive(mine), await isLive(elsewhere)]).toEqual([true, true]);
    await sessions().end(elsewhere, NOW);
    expect(await passwords.change(by(elsewhere))).toBe(false);
    await users().disable(user.username, NOW);
    expect(await passwords.change(change)).toBe(false);
    expect(await passwords.credentialsOf(user.userId)).toBeUndefined();
    expect(await users().credentials(user.username)).toMatchObject({ passwordHash: user.passwordHash });
  });
});
