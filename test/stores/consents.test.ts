import { expect, test } from '@jest/globals';
import { ConsentStore } from '../../src/actors/auth/store-consents.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { NOW, after, newUser } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new ConsentStore(queries));

  const addUser = async () => {
    const user = newUser();
    await backend.each((queries) => new UserStore(queries))[0].insert(user);
    return user;
  };

  test('consent to more scope adds to what was allowed, for that client and user alone', async () => {
    const [consents, others] = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    expect(await consents.find(userId, 'a-client')).toEqual([]);
    await consents.save(userId, 'a-client', ['openid', 'read'], NOW);
    await others.save(userId, 'a-client', ['read', 'write'], after(NOW, 1));
    expect([...(await consents.find(userId, 'a-client'))].sort()).toEqual(['openid', 'read', 'write']);
    expect(await consents.find(userId, 'another-client')).toEqual([]);
    expect(await consents.find(neighbour.userId, 'a-client')).toEqual([]);
    expect(await backend.rows('select decided_at from consents where user_id = ?', [userId])).toEqual([
      { decided_at: after(NOW, 1) },
    ]);
  });

  test('of consents that arrive at once none is lost', async () => {
    const rivals = stores();
    const { userId } = await addUser();
    const scopes = Array.from({ length: 20 }, (_, index) => `scope:${String(index).padStart(2, '0')}`);
    await atOnce(20, rivals, (consents, index) =>
      consents.save(userId, 'a-client', ['openid', scopes[index]!], NOW),
    );
    expect([...(await rivals[0].find(userId, 'a-client'))].sort()).toEqual(['openid', ...scopes]);
  });

  test('a person’s consents are listed, the latest first, without those that were withdrawn; a deleted one is gone', async () => {
    const [consents, others] = stores();
    const [{ userId }, neighbour] = [await addUser(), await addUser()];
    await consents.save(userId, 'older', ['read'], NOW);
    await consents.save(userId, 'newer', ['openid'], after(NOW, 1));
    await consents.save(userId, 'withdrawn', ['read'], after(NOW, 2));
    await consents.withdraw(userId, 'withdrawn', ['read'], after(NOW, 3));
    await consents.save(neighbour.userId, 'newer', ['write'], NOW);
    expect(await others.list(userId, 10)).toEqual([
      { clientId: 'newer', scope: ['openid'], decidedAt: after(NOW, 1) },
      { clientId: 'older', scope: ['read'], decidedAt: NOW },
    ]);
    expect(await others.list(userId, 1)).toHaveLength(1);
    await consents.delete(userId, 'newer');
    await consents.delete(userId, 'newer');
    expect((await others.list(userId, 10)).map(({ clientId }) => clientId)).toEqual(['older']);
    expect(await others.find(userId, 'newer')).toEqual([]);
    expect(await others.find(neighbour.userId, 'newer')).toEqual(['write']);
  });
});
