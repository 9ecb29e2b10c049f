import { beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TokenStore, type AccessTokenKey, type NewAccessToken } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { UniqueViolation } from '../../src/database/faults.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_TEXTS, NOW, after, newAccessToken, newGrant, rotationOf } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new TokenStore(queries));
  const later = after(NOW, 60);

  beforeAll(async () => {
    const [sweep] = backend.each((queries) => new TokenSweepStore(queries));
    await sweep.ensurePartitions(NOW, 'wait');
  });

  const openGrants = async (count: number) => {
    const grants = Array.from({ length: count }, () => newGrant());
    expect(await stores()[0].openGrants(grants)).toEqual(grants.map(() => true));
    return grants;
  };
  const openGrant = async () => (await openGrants(1))[0]!;
  const isLive = async (token: AccessTokenKey) => (await stores()[1].areLive([token]))[0];

  test('access tokens are stored as they are, with or without a person and a grant', async () => {
    const [tokens] = stores();
    const batch = [
      newAccessToken(),
      newAccessToken({ userId: randomUUID(), grantId: randomUUID() }),
      newAccessToken({ userId: randomUUID() }),
      newAccessToken({ grantId: randomUUID() }),
      ...AWKWARD_TEXTS.map((text) => newAccessToken({ clientId: text, scope: text })),
    ];
    await tokens.insertAccessTokens(batch);
    const rows = await backend.rows<NewAccessToken>(
      `select id as "tokenId", client_id as "clientId", user_id as "userId", grant_id as "grantId", scope,
         extract(epoch from issued_at)::int as "issuedAt", extract(epoch from expires_at)::int as "expiresAt"
       from access_tokens where id = any(?::uuid[])`,
      [batch.map((token) => token.tokenId)],
    );
    const byId = new Map(rows.map((row) => [row.tokenId, row]));
    expect(batch.map((token) => byId.get(token.tokenId))).toEqual(batch);
  });

  test('live is what was stored and not revoked, answered in the order of the question', async () => {
    const [tokens, others] = stores();
    const [kept, gone, never] = [newAccessToken(), newAccessToken(), newAccessToken()];
    await tokens.insertAccessTokens([kept, gone]);
    expect(await others.revokeAccessToken(gone, NOW)).toBe(true);
    expect(await tokens.areLive([never, kept, gone, kept])).toEqual([false, true, false, true]);
    // The key is the id with its expiry: no other row of that id counts.
    expect(await isLive({ ...kept, expiresAt: kept.expiresAt + 1 })).toBe(false);
    expect(await tokens.areLive([])).toEqual([]);
  });

  test('of many revocations of one access token at once exactly one finds something to revoke', async () => {
    const rivals = stores();
    const token = newAccessToken();
    await rivals[0].insertAccessTokens([token]);
    const revoked = await atOnce(20, rivals, (tokens) => tokens.revokeAccessToken(token, NOW));
    expect(revoked.filter(Boolean)).toHaveLength(1);
    expect(await rivals[0].revokeAccessToken(newAccessToken(), NOW)).toBe(false);
  });

  test('a grant opens once, with its first access token and its refresh generation', async () => {
    const [tokens, others] = stores();
    const grants = [newGrant(), newGrant({}, { refreshable: false })];
    expect(await tokens.openGrants(grants)).toEqual([true, true]);
    const { accessToken } = grants[0]!;
    expect(await others.findGrant(accessToken.grantId)).toEqual({
      clientId: accessToken.clientId,
      userId: accessToken.userId,
      scope: accessToken.scope,
      createdAt: new Date(accessToken.issuedAt * 1000),
      expiresAt: new Date(grants[0]!.expiresAt * 1000),
      revoked: false,
      refreshGeneration: 0,
      rotatedAt: null,
    });
    expect(await others.findGrant(grants[1]!.accessToken.grantId)).toMatchObject({ refreshGeneration: null });
    expect(await tokens.areLive(grants.map((grant) => grant.accessToken))).toEqual([true, true]);
    const again = newGrant({ ...accessToken, tokenId: randomUUID() });
    expect(await others.openGrants([again])).toEqual([false]);
    expect(await isLive(again.accessToken)).toBe(false);
    expect(await tokens.findGrant(randomUUID())).toBeUndefined();
  });

  test('a grant that was revoked before it opened never opens', async () => {
    const [tokens, others] = stores();
    const [revoked, neighbour] = [newGrant(), newGrant()];
    expect(await tokens.revokeGrant(revoked.accessToken, NOW, after(NOW, 86_400))).toBe(true);
    expect(await others.openGrants([revoked, neighbour])).toEqual([false, true]);
    expect(await tokens.areLive([revoked.accessToken, neighbour.accessToken])).toEqual([false, true]);
    expect(await others.rotate([rotationOf(revoked)])).toEqual([undefined]);
  });

  test('however opening and revoking a grant meet, it ends revoked and its token dead', async () => {
    const rivals = stores();
    for (let round = 0; round < 20; round += 1) {
      const grants = Array.from({ length: 10 }, () => newGrant());
      const revoke = (index: number) =>
        Promise.all(
          grants.map((grant) => rivals[index]!.revokeGrant(grant.accessToken, NOW, after(NOW, 86_400))),
        );
      const open = (index: number) => rivals[index]!.openGrants(grants);
      await (round % 2 ? Promise.all([open(0), revoke(1)]) : Promise.all([revoke(1), open(0)]));
      const keys = grants.map((grant) => grant.accessToken);
      expect(await rivals[0].areLive(keys)).toEqual(keys.map(() => false));
      expect(await rivals[1].rotate(grants.map((grant) => rotationOf(grant)))).toEqual(
        keys.map(() => undefined),
      );
    }
  });

  test('revoking a grant takes its access tokens along and keeps the time of the first revocation', async () => {
    const [tokens, others] = stores();
    const grant = await openGrant();
    const [rotated] = [rotationOf(grant)];
    await tokens.rotate([rotated]);
    const second = { tokenId: rotated.tokenId, expiresAt: rotated.accessTokenExpiresAt };
    expect(await tokens.areLive([grant.accessToken, second])).toEqual([true, true]);
    expect(await others.revokeGrant(grant.accessToken, later, after(NOW, 86_400))).toBe(true);
    expect(await tokens.areLive([grant.accessToken, second])).toEqual([false, false]);
    expect(await tokens.revokeGrant(grant.accessToken, after(later, 1), after(NOW, 86_400))).toBe(false);
    expect(await tokens.findGrant(grant.accessToken.grantId)).toMatchObject({ revoked: true });
    // A token that finds its way in afterwards, as a replayed refresh may bring one, is dead on arrival.
    const late = newAccessToken({ ...grant.accessToken, tokenId: randomUUID() });
    await tokens.insertAccessTokens([late]);
    expect(await isLive(late)).toBe(false);
  });

  test('a rotation moves the generation and both expiries, and stores the access token', async () => {
    const [tokens, others] = stores();
    const grant = await openGrant();
    const rotation = rotationOf(grant, 0, { scope: 'read' });
    expect(await tokens.rotate([rotation])).toEqual([{ userId: grant.accessToken.userId, scope: 'read' }]);
    expect(await others.findGrant(grant.accessToken.grantId)).toMatchObject({
      scope: grant.accessToken.scope,
      refreshGeneration: 1,
      rotatedAt: new Date(rotation.issuedAt * 1000),
      expiresAt: new Date(rotation.grantExpiresAt * 1000),
    });
    expect(await isLive({ tokenId: rotation.tokenId, expiresAt: rotation.accessTokenExpiresAt })).toBe(true);
    expect(await others.rotate([rotationOf(grant, 1)])).toEqual([
      { userId: grant.accessToken.userId, scope: grant.accessToken.scope },
    ]);
  });

  test('a rotation that does not fit its grant changes nothing and stores nothing', async () => {
    const [tokens] = stores();
    const [grant, unrefreshable] = [await openGrant(), newGrant({}, { refreshable: false })];
    await tokens.openGrants([unrefreshable]);
    const misfits = [
      rotationOf(grant, -1),
      rotationOf(grant, 0, { clientId: 'another-client' }),
      rotationOf(grant, 0, { scope: 'read admin' }),
      rotationOf(grant, 0, { issuedAt: grant.expiresAt }),
      rotationOf(newGrant()),
      rotationOf(unrefreshable),
    ];
    for (const misfit of misfits) {
      expect(await tokens.rotate([misfit])).toEqual([undefined]);
      expect(await isLive({ ...misfit, expiresAt: misfit.accessTokenExpiresAt })).toBe(false);
    }
    expect(await tokens.findGrant(grant.accessToken.grantId)).toMatchObject({ refreshGeneration: 0 });
    // The last second before the expiry is good.
    const lastMoment = rotationOf(grant, 0, { issuedAt: grant.expiresAt - 1 });
    expect(await tokens.rotate([lastMoment])).toEqual([expect.anything()]);
  });

  test('of fifty rotations of one generation at once exactly one succeeds', async () => {
    const rivals = stores();
    const grant = await openGrant();
    const rotated = await atOnce(50, rivals, async (tokens) => (await tokens.rotate([rotationOf(grant)]))[0]);
    expect(rotated.filter(Boolean)).toHaveLength(1);
    expect(await rivals[0].findGrant(grant.accessToken.grantId)).toMatchObject({ refreshGeneration: 1 });
  });

  test('batches that rotate the same grants in opposite order do not hinder each other', async () => {
    const rivals = stores();
    const grants = await openGrants(40);
    for (let generation = 0; generation < 20; generation += 1) {
      const outcomes = await atOnce(4, rivals, (tokens, index) => {
        const batch = grants.map((grant) => rotationOf(grant, generation));
        return tokens.rotate(index % 2 ? batch.reverse() : batch);
      });
      expect(outcomes.flat().filter(Boolean)).toHaveLength(grants.length);
    }
  });

  test('revoking all grants of a client, or of a person, does not hinder rotations of the same grants', async () => {
    const rivals = stores();
    for (let round = 0; round < 10; round += 1) {
      const [clientId, userId] = [randomUUID(), randomUUID()];
      const grants = Array.from({ length: 40 }, () => newGrant({ clientId, userId }));
      await rivals[0].openGrants(grants);
      await Promise.all([
        rivals[0].rotate(grants.map((grant) => rotationOf(grant))),
        rivals[1].bar(`client:${clientId}`),
        rivals[0].bar(`user:${userId}`),
        rivals[1].rotate(grants.map((grant) => rotationOf(grant)).reverse()),
      ]);
      expect(await rivals[0].areLive(grants.map((grant) => grant.accessToken))).not.toContain(true);
    }
  });

  test('revoking a client ends its grants and its tokens, and no other client’s', async () => {
    const [tokens, others] = stores();
    const [clientId, neighbour] = [randomUUID(), await openGrant()];
    const grant = newGrant({ clientId });
    const alone = newAccessToken({ clientId });
    await tokens.openGrants([grant]);
    await tokens.insertAccessTokens([alone]);
    await others.bar(`client:${clientId}`);
    expect(await tokens.areLive([grant.accessToken, alone, neighbour.accessToken])).toEqual([
      false,
      false,
      true,
    ]);
    expect(await tokens.rotate([rotationOf(grant), rotationOf(neighbour)])).toEqual([
      undefined,
      expect.anything(),
    ]);
  });

  test('revoking a person’s grants ends the tokens of that person alone', async () => {
    const [tokens, others] = stores();
    const [grant, neighbour] = await openGrants(2);
    await others.bar(`user:${grant!.accessToken.userId}`);
    expect(await tokens.areLive([grant!.accessToken, neighbour!.accessToken])).toEqual([false, true]);
    expect(await tokens.rotate([rotationOf(grant!)])).toEqual([undefined]);
    expect(await tokens.findGrant(grant!.accessToken.grantId)).toMatchObject({ revoked: true });
  });

  test('a deleted grant does not revive its access token', async () => {
    const [tokens] = stores();
    const [sweep] = backend.each((queries) => new TokenSweepStore(queries));
    const grant = newGrant({}, { expiresAt: epochSeconds(NOW) - 1 });
    await tokens.openGrants([grant]);
    expect(await isLive(grant.accessToken)).toBe(true);
    await sweep.deleteExpiredGrants(after(NOW, 86_400));
    expect(await tokens.findGrant(grant.accessToken.grantId)).toBeUndefined();
    expect(await isLive(grant.accessToken)).toBe(false);
  });

  test('a batch is stored as a whole or not at all', async () => {
    const [tokens] = stores();
    const [known, fresh] = [newAccessToken(), newAccessToken()];
    await tokens.insertAccessTokens([known]);
    await expect(tokens.insertAccessTokens([fresh, known])).rejects.toBeInstanceOf(UniqueViolation);
    expect(await isLive(fresh)).toBe(false);
    const grant = newGrant();
    await expect(
      tokens.openGrants([grant, newGrant({ ...known, userId: randomUUID(), grantId: randomUUID() })]),
    ).rejects.toBeInstanceOf(UniqueViolation);
    expect(await tokens.findGrant(grant.accessToken.grantId)).toBeUndefined();
  });
});
