import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PasswordStore } from '../../src/actors/auth/store-passwords.ts';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { UserStore, type NewUser } from '../../src/actors/auth/store-users.ts';
import { hashSecret, type SessionHash } from '../../src/oauth/secret.ts';
import { onEachBackend } from '../support/backends.ts';
import { IDLE_SECONDS, NOW, after, newSession, newUser } from './rows.ts';

/** A person with a session; `later` names what is begun by what is under test. */
interface Setting {
  readonly user: NewUser;
  readonly mine: SessionHash;
  readonly later: SessionHash;
}

onEachBackend((backend) => {
  // Each statement by the other replica than the login's.
  const sessions = () => backend.each((queries) => new SessionStore(queries, IDLE_SECONDS))[1];
  const users = () => backend.each((queries) => new UserStore(queries))[1];
  const passwords = () => backend.each((queries) => new PasswordStore(queries))[1];
  const isLive = async (hash: SessionHash) => (await sessions().find(hash, NOW)) !== undefined;

  const setting = async (): Promise<Setting> => {
    const user = newUser();
    await users().insert(user);
    const mine: SessionHash = hashSecret(randomUUID());
    expect(await sessions().insert(mine, newSession(user.userId))).toBe(true);
    return { user, mine, later: hashSecret(randomUUID()) };
  };

  /** Begins a session in a transaction that stays open until `work`, started meanwhile, waits for it. */
  const whileSigningIn = async (userId: string, work: () => Promise<unknown>): Promise<SessionHash> => {
    const hash: SessionHash = hashSecret(randomUUID());
    const [replica] = backend.each((queries) => queries);
    let done: Promise<unknown> | undefined;
    await replica.transaction(async ({ query }) => {
      const store = new SessionStore({ ...replica, query }, IDLE_SECONDS);
      expect(await store.insert(hash, newSession(userId))).toBe(true);
      done = work();
      done.catch(() => undefined);
      await backend.untilWaiting(1);
    });
    await done;
    return hash;
  };

  // All at the moment of the login, so that nothing but the session's own end can be what makes it dead.
  const endings: Readonly<Record<string, (setting: Setting) => Promise<unknown>>> = {
    'a password reset': ({ user }) => users().resetPassword(user.username, 'another', NOW),
    'a password change': async ({ user: { userId, passwordHash }, mine, later }) => {
      const session = { replaces: mine, hash: later, expiresAt: after(NOW, 60), remoteAddress: null };
      const change = { userId, from: passwordHash, to: 'another', now: NOW, session };
      expect(await passwords().change(change)).toBe(true);
    },
    'disabling, and enabling again': async ({ user }) => {
      await users().disable(user.username, NOW);
      await users().enable(user.username);
    },
    'signing out everywhere': async ({ user }) => {
      expect(await sessions().endOthers(user.userId, null, NOW)).toBe(2);
    },
  };

  test.each(Object.entries(endings))('%s ends the session of a login in flight', async (_what, end) => {
    const made = await setting();
    const begun = await whileSigningIn(made.user.userId, () => end(made));
    expect([await isLive(begun), await isLive(made.mine)]).toEqual([false, false]);
    const live = await sessions().list(made.user.userId, NOW, 10);
    expect(live).toHaveLength((await isLive(made.later)) ? 1 : 0);
  });

  test('a login that waits for a password reset begins no session, though it began at a later time', async () => {
    const { user } = await setting();
    const { passwordVersion } = (await users().credentials(user.username))!;
    const hash: SessionHash = hashSecret(randomUUID());
    const session = newSession(user.userId, { passwordVersion, authenticatedAt: after(NOW, 2) });
    const [replica] = backend.each((queries) => queries);
    let begun: Promise<boolean> | undefined;
    await replica.transaction(async (held) => {
      const store = new UserStore({ ...replica, transaction: (work) => work(held) });
      await store.resetPassword(user.username, 'another', after(NOW, 1));
      begun = sessions().insert(hash, session);
      await backend.untilWaiting(1);
    });
    expect([await begun, await isLive(hash)]).toEqual([false, false]);
  });

  test('signing out everywhere else ends it too, and leaves the one that asked', async () => {
    const { user, mine } = await setting();
    const kept = (await sessions().find(mine, NOW))!.session.sessionId;
    const begun = await whileSigningIn(user.userId, () => sessions().endOthers(user.userId, kept, NOW));
    expect([await isLive(begun), await isLive(mine)]).toEqual([false, true]);
  });
});
