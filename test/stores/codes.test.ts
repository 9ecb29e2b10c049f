import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CodeStore, type ClaimResult } from '../../src/actors/auth/store-codes.ts';
import { ConsentStore } from '../../src/actors/auth/store-consents.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { ValueRefused, UniqueViolation } from '../../src/database/faults.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, AWKWARD_TEXTS, NOW, after, newCode, newUser } from './rows.ts';

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new CodeStore(queries));

  test('a claimed code comes back as it was issued, to the letter and the millisecond', async () => {
    const [codes, others] = stores();
    const issued = [
      newCode(),
      newCode({ codeChallenge: null, nonce: null }),
      newCode({ codeChallenge: null }),
      ...AWKWARD_TEXTS.map((text) => newCode({ nonce: text, redirectUri: text, clientId: text })),
      ...AWKWARD_DATES.map((date) =>
        newCode({ authenticatedAt: date, issuedAt: date, expiresAt: after(date, 60) }),
      ),
    ];
    await codes.insert(issued);
    const results = await others.claim(issued, NOW);
    expect(results).toEqual(
      issued.map((code) => ({ kind: 'claimed', code, userBarred: false, consented: false })),
    );
  });

  test('of fifty redemptions of one code at once exactly one claims it, and the others learn that it is spent', async () => {
    const rivals = stores();
    for (let round = 0; round < 5; round += 1) {
      const code = newCode();
      await rivals[0].insert([code]);
      const results = await atOnce(50, rivals, async (codes) => (await codes.claim([code], NOW))[0]!);
      expect(tally(results)).toEqual({ claimed: 1, spent: 49 });
      const owner = { grantId: code.grantId, userId: code.userId };
      for (const result of results.filter(({ kind }) => kind === 'spent')) {
        expect(result).toEqual({ kind: 'spent', ...owner });
      }
    }
  });

  test('batches that claim the same codes in opposite order do not hinder each other, and each code has one claimer', async () => {
    const rivals = stores();
    for (let round = 0; round < 20; round += 1) {
      const codes = Array.from({ length: 40 }, () => newCode());
      await rivals[0].insert(codes);
      const orders = [codes, codes.toReversed()];
      const claims = await atOnce(4, rivals, (store, index) => store.claim(orders[index % 2]!, NOW));
      expect(tally(claims.flat())).toEqual({ claimed: 40, spent: 120 });
    }
  });

  test('the same code twice in one call is claimed by the first', async () => {
    const [codes] = stores();
    const [twice, once] = [newCode(), newCode()];
    await codes.insert([twice, once]);
    const results = await codes.claim([twice, once, twice], NOW);
    expect(results.map(({ kind }) => kind)).toEqual(['claimed', 'claimed', 'spent']);
  });

  test('another client’s attempt neither claims a code nor spends it', async () => {
    const [codes, others] = stores();
    const code = newCode();
    await codes.insert([code]);
    const foreign = { codeHash: code.codeHash, clientId: 'another-client' };
    expect(await codes.claim([foreign], NOW)).toEqual([{ kind: 'unknown' }]);
    expect((await others.claim([foreign, code], NOW)).map(({ kind }) => kind)).toEqual([
      'unknown',
      'claimed',
    ]);
    expect(await codes.claim([foreign], NOW)).toEqual([{ kind: 'unknown' }]);
  });

  test('the clock that is passed in decides whether a code has expired', async () => {
    const [codes] = stores();
    const [early, late] = [newCode(), newCode()];
    await codes.insert([early, late]);
    const lastMoment = new Date(early.expiresAt.getTime() - 1);
    expect(await codes.claim([late], late.expiresAt)).toEqual([{ kind: 'unknown' }]);
    expect(await codes.claim([early], lastMoment)).toMatchObject([{ kind: 'claimed' }]);
    // A replay is recognised as one for as long as the row is there.
    expect(await codes.claim([early], after(early.expiresAt, 3600))).toMatchObject([{ kind: 'spent' }]);
  });

  test('a code of a person who was disabled since says so, and is spent all the same', async () => {
    const [codes] = stores();
    const [users] = backend.each((queries) => new UserStore(queries));
    const user = newUser();
    await users.insert(user);
    const code = newCode({ userId: user.userId });
    await codes.insert([code]);
    await users.disable(user.username, NOW);
    expect(await codes.claim([code], NOW)).toMatchObject([{ kind: 'claimed', userBarred: true }]);
    expect(await codes.claim([code], NOW)).toMatchObject([{ kind: 'spent' }]);
  });

  test('a code says whether the user allows the client all of its scope at this moment, and is spent either way', async () => {
    const [codes, others] = stores();
    const [users] = backend.each((queries) => new UserStore(queries));
    const [consents] = backend.each((queries) => new ConsentStore(queries));
    const { userId } = newUser();
    for (const id of [userId, randomUUID()]) {
      await users.insert(newUser({ userId: id }));
      // Of another person, or to another client.
      await consents.save(id, id === userId ? 'another-client' : 'a-client', ['openid', 'read'], NOW);
    }
    const claims = async (scope: readonly string[]) => {
      const code = newCode({ userId, scope });
      await codes.insert([code]);
      const [result] = await others.claim([code], NOW);
      expect((await codes.claim([code], NOW))[0]!.kind).toBe('spent');
      return result!.kind === 'claimed' && result!.consented;
    };
    expect(await claims(['read'])).toBe(false);
    await consents.save(userId, 'a-client', ['openid', 'read', 'write'], NOW);
    expect([await claims(['write', 'openid']), await claims(['read', 'write:all'])]).toEqual([true, false]);
    await consents.withdraw(userId, 'a-client', ['write'], NOW);
    expect([await claims(['write']), await claims(['openid', 'read'])]).toEqual([false, true]);
    await consents.delete(userId, 'a-client');
    expect(await claims(['openid', 'read'])).toBe(false);
  });

  test('the codes of a user for a client are spent, and the grants of those that were claimed before are named', async () => {
    const [codes, others] = stores();
    const userId = randomUUID();
    const [open, claimed, old, foreign, another] = [
      newCode({ userId }),
      newCode({ userId }),
      newCode({ userId, expiresAt: after(NOW, -61) }),
      newCode(),
      newCode({ userId, clientId: 'another-client' }),
    ];
    await codes.insert([open, claimed, old, foreign, another]);
    await codes.claim([claimed], NOW);
    expect(await others.spendAll(userId, 'a-client', NOW, after(NOW, -60))).toEqual([claimed.grantId]);
    const results = await codes.claim([open, claimed, foreign, another], NOW);
    expect(results.map(({ kind }) => kind)).toEqual(['spent', 'spent', 'claimed', 'claimed']);
  });

  test('codes that are claimed and spent at once are either spent, or named by their grants', async () => {
    const rivals = stores();
    for (let round = 0; round < 10; round += 1) {
      const userId = randomUUID();
      const codes = Array.from({ length: 10 }, () => newCode({ userId }));
      await rivals[0].insert(codes);
      const [results, named] = await Promise.all([
        rivals[0].claim(codes, NOW),
        rivals[1].spendAll(userId, 'a-client', NOW, after(NOW, -60)),
      ]);
      const claimed = codes.filter((_, index) => results[index]!.kind === 'claimed');
      expect([...named].sort()).toEqual(claimed.map(({ grantId }) => grantId).sort());
    }
  });

  test('a batch is stored as a whole or not at all', async () => {
    const [codes] = stores();
    const [known, fresh, fine] = [newCode(), newCode(), newCode()];
    await codes.insert([known]);
    await expect(codes.insert([fresh, known])).rejects.toBeInstanceOf(UniqueViolation);
    await expect(codes.insert([fine, newCode({ grantId: 'not a uuid' })])).rejects.toBeInstanceOf(
      ValueRefused,
    );
    expect((await codes.claim([fresh, fine], NOW)).map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
  });

  test('expired codes are deleted, no more than asked for at a time', async () => {
    const [codes, others] = stores();
    await backend.empty('authorization_codes');
    const live = newCode({ expiresAt: after(NOW, 1), clientId: randomUUID() });
    await codes.insert([live, ...Array.from({ length: 5 }, () => newCode({ expiresAt: after(NOW, -1) }))]);
    expect(await others.deleteExpired(NOW, 3)).toBe(3);
    expect(await codes.deleteExpired(NOW, 3)).toBe(2);
    expect(await codes.deleteExpired(NOW, 3)).toBe(0);
    expect(await codes.claim([live], NOW)).toMatchObject([{ kind: 'claimed' }]);
  });
});

function tally(results: readonly ClaimResult[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
