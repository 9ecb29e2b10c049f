import { beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TokenStore, type NewGrant } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { NOW, after, newGrant, rotationOf } from './rows.ts';

/** Grants and access tokens count by whole seconds. */
const SECOND = new Date(epochSeconds(NOW) * 1000);

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new TokenStore(queries));

  beforeAll(async () => {
    const [sweep] = backend.each((queries) => new TokenSweepStore(queries));
    await sweep.ensurePartitions(NOW, 'wait');
  });

  const open = async (token: Partial<NewGrant['accessToken']>, overrides: Partial<NewGrant> = {}) => {
    const grant = newGrant(token, overrides);
    expect(await stores()[0].openGrants([grant])).toEqual([true]);
    return grant;
  };
  const list = (userId: string, now = after(NOW, 60)) => stores()[1].listConnections(userId, now, 100);

  test('a connection is what all live grants of a client together allow, since the first and last used by any', async () => {
    const [tokens] = stores();
    const [userId, clientId] = [randomUUID(), randomUUID()];
    const seconds = epochSeconds(NOW);
    await open({ userId, clientId, scope: 'openid read' });
    const rotated = await open({ userId, clientId, scope: 'read write', issuedAt: seconds + 5 });
    await open({ userId, clientId: 'another', scope: '', issuedAt: seconds + 7 });
    await open({ clientId, scope: 'foreign' });
    await tokens.rotate([rotationOf(rotated)]);
    const [one, other, ...rest] = await list(userId);
    expect(rest).toEqual([]);
    expect({ ...one, scope: [...one!.scope].sort() }).toEqual({
      clientId,
      scope: ['openid', 'read', 'write'],
      since: SECOND,
      lastUsedAt: after(SECOND, 60),
    });
    expect(other).toEqual({
      clientId: 'another',
      scope: [],
      since: after(SECOND, 7),
      lastUsedAt: after(SECOND, 7),
    });
    expect(await tokens.listConnections(userId, NOW, 1)).toEqual([one]);
  });

  test('what is revoked, barred or expired is no connection', async () => {
    const [tokens] = stores();
    const userId = randomUUID();
    const clients = [randomUUID(), randomUUID(), randomUUID(), randomUUID()] as const;
    const grants = [];
    for (const clientId of clients) grants.push(await open({ userId, clientId }));
    const shortLived = await open({ userId, clientId: randomUUID() }, { expiresAt: epochSeconds(NOW) + 30 });
    const { grantId } = grants[0]!.accessToken;
    await tokens.revokeGrant({ grantId, clientId: clients[0], userId }, NOW, after(NOW, 60));
    await tokens.bar(`client:${clients[1]}`);
    await tokens.revokeIssued(`client:${clients[2]}`, NOW);
    expect((await list(userId)).map(({ clientId }) => clientId)).toEqual([clients[3]]);
    const isConnected = (clientId: string, of = userId) => tokens.isConnected(of, clientId, after(NOW, 60));
    expect(await Promise.all(clients.map((clientId) => isConnected(clientId)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(await isConnected(clients[3], randomUUID())).toBe(false);
    expect(await isConnected(shortLived.accessToken.clientId)).toBe(false);
    const early = (await list(userId, NOW)).map(({ clientId }) => clientId);
    expect(early).toContain(shortLived.accessToken.clientId);
    await tokens.revokeIssued(`user:${userId}`, NOW);
    expect(await list(userId, NOW)).toEqual([]);
  });

  test('revoking what a user gave a client takes all of it, once, and nothing else', async () => {
    const rivals = stores();
    const [userId, clientId] = [randomUUID(), randomUUID()];
    const gone = [];
    for (let index = 0; index < 5; index += 1) gone.push(await open({ userId, clientId }));
    const expired = await open({ userId, clientId }, { expiresAt: epochSeconds(NOW) + 1 });
    const kept = [await open({ userId }), await open({ clientId })];
    const revoked = await atOnce(4, rivals, (tokens) =>
      tokens.revokeGrantsOf(userId, clientId, after(NOW, 5)),
    );
    expect(revoked.flat().sort()).toEqual(
      [...gone, expired].map((grant) => grant.accessToken.grantId).sort(),
    );
    const live = async (grants: readonly NewGrant[]) =>
      (await rivals[1].areLive(grants.map(({ accessToken }) => accessToken))).filter(Boolean).length;
    expect([await live([...gone, expired]), await live(kept)]).toEqual([0, 2]);
    expect(await rivals[0].rotate(gone.map((grant) => rotationOf(grant)))).toEqual(gone.map(() => undefined));
    expect(await rivals[1].revokeGrantsOf(userId, clientId, after(NOW, 6))).toEqual([]);
  });

  test('a rotation and a revocation of the same grants at once: no refresh token lives on', async () => {
    const rivals = stores();
    for (let round = 0; round < 10; round += 1) {
      const [userId, clientId] = [randomUUID(), randomUUID()];
      const grants = [];
      for (let index = 0; index < 5; index += 1) grants.push(await open({ userId, clientId }));
      const [, revoked] = await Promise.all([
        rivals[0].rotate(grants.toReversed().map((grant) => rotationOf(grant))),
        rivals[1].revokeGrantsOf(userId, clientId, after(NOW, 5)),
      ]);
      expect(revoked).toHaveLength(grants.length);
      const again = grants.map((grant) => rotationOf(grant, 1));
      expect(await rivals[0].rotate(again)).toEqual(again.map(() => undefined));
    }
  });
});
