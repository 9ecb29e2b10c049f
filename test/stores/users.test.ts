import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { AdminStore } from '../../src/actors/auth/store-admins.ts';
import { UserDetailsStore } from '../../src/actors/auth/store-user-details.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { UniqueViolation } from '../../src/database/faults.ts';
import { hashSecret, type SessionHash } from '../../src/oauth/secret.ts';
import { atOnce, onEachBackend, type Backend } from '../support/backends.ts';
import { AWKWARD_TEXTS, IDLE_SECONDS, NOW, after, first, newSession, newUser, versionOf } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new UserStore(queries));

  test('a user is found as inserted, by id and, whatever the letters’ case, by name', async () => {
    const [users, others] = stores();
    const user = newUser({
      username: 'Alice@example',
      name: 'Alice',
      email: 'alice@mail.example',
      roles: ['admin'],
    });
    await users.insert(user);
    expect(await others.find(user.userId)).toEqual({
      subject: user.userId,
      username: 'Alice@example',
      name: 'Alice',
      email: 'alice@mail.example',
      emailVerified: false,
    });
    const { userId, passwordHash } = user;
    const credentials = { userId, passwordHash, passwordVersion: versionOf(NOW), disabledAt: null };
    for (const name of ['Alice@example', 'alice@EXAMPLE']) {
      expect(await others.credentials(name)).toEqual(credentials);
    }
    expect(await others.credentials('alice')).toBeUndefined();
    expect(await others.find(randomUUID())).toBeUndefined();
  });

  test('texts come back to the letter', async () => {
    const [users] = stores();
    for (const text of AWKWARD_TEXTS) {
      const user = newUser({ name: text, email: text, passwordHash: text });
      await users.insert(user);
      expect(await users.find(user.userId)).toMatchObject({ name: text, email: text });
      expect(await users.credentials(user.username)).toMatchObject({ passwordHash: text });
    }
  });

  test('two names that differ in case alone are one name, also when both come at once', async () => {
    const rivals = stores();
    const names = ['Robert', 'robert', 'ROBERT', 'rObErT'];
    const outcomes = await atOnce(20, rivals, (users, index) =>
      users.insert(newUser({ username: names[index % names.length]! })).then(
        () => 'inserted',
        (error: unknown) => error,
      ),
    );
    const refused = outcomes.filter((outcome) => outcome !== 'inserted');
    expect(refused).toHaveLength(19);
    for (const error of refused) {
      expect(error).toBeInstanceOf(UniqueViolation);
      expect(error).toMatchObject({ constraint: 'users_by_username' });
    }
  });

  test('of many first admins that arrive at once exactly one is made', async () => {
    const admins = backend.each((queries) => new AdminStore(queries));
    for (let round = 0; round < 5; round += 1) {
      await backend.empty('users');
      expect(await admins[0].anyAdmin()).toBe(false);
      const made = await atOnce(10, admins, (store) => store.insertFirstAdmin(newUser({ roles: ['admin'] })));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await backend.count('users')).toBe(1);
      expect(await admins[1].anyAdmin()).toBe(true);
    }
  });

  test('the list has the youngest first, to the millisecond, and no more than asked for', async () => {
    const [users] = stores();
    await backend.empty('users');
    const added = [3, 1, 2].map((ms) =>
      newUser({ createdAt: new Date(NOW.getTime() + ms), roles: ['admin'] }),
    );
    for (const user of added) await users.insert(user);
    const list = (await backend.each((queries) => new UserDetailsStore(queries))[0].list(null, first(2)))
      .items;
    expect(list.map((user) => user.createdAt.getTime() - NOW.getTime())).toEqual([3, 2]);
    expect(list[0]).toEqual({
      userId: added[0]!.userId,
      username: added[0]!.username,
      name: null,
      email: null,
      emailVerified: false,
      roles: ['admin'],
      createdAt: added[0]!.createdAt,
      disabledAt: null,
      version: 1,
    });
  });

  test('disabling a user ends the sessions at once and hides the user, but not the name', async () => {
    const [users, others] = stores();
    const { user, session, sessions } = await signedIn(backend);
    expect(await users.disable(user.username.toUpperCase(), after(NOW, 1))).toBe(user.userId);
    expect(await sessions.find(session, after(NOW, 1))).toBeUndefined();
    expect(await backend.rows('select ended_at from sessions where session_hash = ?', [session])).toEqual([
      { ended_at: after(NOW, 1) },
    ]);
    expect(await others.find(user.userId)).toBeUndefined();
    // A second time changes nothing.
    expect(await others.disable(user.username, after(NOW, 2))).toBe(user.userId);
    expect(await others.credentials(user.username)).toMatchObject({ disabledAt: after(NOW, 1) });
    await expect(others.insert(newUser({ username: user.username }))).rejects.toBeInstanceOf(UniqueViolation);
    expect(await users.disable('nobody', NOW)).toBeUndefined();
  });

  test('a disabled user’s session is not live even if it began after', async () => {
    const [users] = stores();
    const { user, sessions } = await signedIn(backend);
    await users.disable(user.username, NOW);
    const late = hashSecret<'session'>(randomUUID());
    await sessions.insert(late, newSession(user.userId, { expiresAt: after(NOW, 60) }));
    expect(await sessions.find(late, NOW)).toBeUndefined();
  });

  test('a new password ends the sessions at once, and only that user’s', async () => {
    const [users, others] = stores();
    const { user, session, sessions } = await signedIn(backend);
    const neighbour = await signedIn(backend);
    expect(await users.resetPassword(user.username.toUpperCase(), 'another-hash', after(NOW, 1))).toBe(
      user.userId,
    );
    expect(await sessions.find(session, after(NOW, 1))).toBeUndefined();
    expect(await sessions.find(neighbour.session, after(NOW, 1))).toBeDefined();
    expect(await others.credentials(user.username)).toMatchObject({ passwordHash: 'another-hash' });
    expect(await backend.rows('select password_changed_at from users where id = ?', [user.userId])).toEqual([
      { password_changed_at: after(NOW, 1) },
    ]);
    expect(await users.resetPassword('nobody', 'a-hash', NOW)).toBeUndefined();
  });
});

async function signedIn(backend: Backend) {
  const [users] = backend.each((queries) => new UserStore(queries));
  const [sessions] = backend.each((queries) => new SessionStore(queries, IDLE_SECONDS));
  const user = newUser();
  const session: SessionHash = hashSecret(randomUUID());
  await users.insert(user);
  await sessions.insert(session, newSession(user.userId, { expiresAt: after(NOW, 3600) }));
  expect(await sessions.find(session, NOW)).toBeDefined();
  return { user, session, sessions };
}
