import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTokenBatches } from '../../src/actors/token/batches.ts';
import { neededPartitions } from '../../src/actors/token/partitions.ts';
import type { TokenBatches, TokenParts } from '../../src/actors/token/parts.ts';
import { TokenStore } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { ValueRefused, UniqueViolation } from '../../src/database/faults.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { systemSources } from '../../src/system-sources.ts';
import { newGuardian } from '../support/actors.ts';
import { onEachBackend } from '../support/backends.ts';
import { NOW, after, newAccessToken, newGrant, rotationOf } from './rows.ts';

const DAY_SECONDS = 86_400;
const NUL = 'a\0b';

onEachBackend((backend) => {
  const guardian = newGuardian();
  let now = NOW;
  let batches: TokenBatches;
  let store: TokenStore;

  /** The TokenActor's own statements; the other parts of an actor are not what they are made of. */
  beforeAll(() => {
    const [tokens] = backend.each((queries) => new TokenStore(queries));
    const [sweepStore] = backend.each((queries) => new TokenSweepStore(queries));
    const sources = { ...systemSources, now: () => now };
    store = tokens;
    batches = createTokenBatches({ guardian, store, sweepStore, sources } as unknown as TokenParts, 'token');
  });
  afterAll(() => guardian.drain(0));

  beforeEach(() => {
    now = NOW;
  });

  test('a token that cannot be stored is refused alone: its neighbours in the batch are stored', async () => {
    const known = newAccessToken();
    await batches.insertAccessToken(known);
    const poison = [
      known,
      newAccessToken({ userId: 'not a uuid' }),
      newAccessToken({ scope: NUL }),
      newAccessToken({ expiresAt: epochSeconds(NOW) + 300 * DAY_SECONDS }),
    ];
    const fine = Array.from({ length: 28 }, () => newAccessToken());
    const batch = fine.toSpliced(3, 0, poison[0]!).toSpliced(9, 0, poison[1]!);
    const whole = batch.toSpliced(17, 0, poison[2]!).toSpliced(31, 0, poison[3]!);
    const outcomes = await settle(whole.map((token) => batches.insertAccessToken(token)));
    const errors = outcomes.filter((outcome) => outcome !== undefined);
    expect(outcomes.flatMap((outcome, index) => (outcome === undefined ? [] : [index]))).toEqual([
      3, 9, 17, 31,
    ]);
    expect(errors.map(String)).toEqual([
      expect.stringContaining('UniqueViolation'),
      expect.stringContaining('SQLSTATE 22P02'),
      expect.stringContaining('InvalidRequest'),
      expect.stringContaining('SQLSTATE 23514'),
    ]);
    expect(errors[0]).toBeInstanceOf(UniqueViolation);
    expect(errors[1]).toBeInstanceOf(ValueRefused);
    expect(await Promise.all(fine.map((token) => batches.isLive(token)))).toEqual(fine.map(() => true));
  });

  test('a grant that cannot open, or a rotation that cannot be done, takes no other along', async () => {
    const fine = Array.from({ length: 10 }, () => newGrant());
    const opened = [newGrant({ userId: 'not a uuid' }), ...fine, newGrant({ clientId: NUL })];
    const outcomes = await settle(opened.map((grant) => batches.openGrant(grant)));
    expect(outcomes.slice(1, -1)).toEqual(fine.map(() => true));
    expect([outcomes[0], outcomes.at(-1)]).toEqual([expect.any(Error), expect.any(Error)]);

    const rotations = fine.map((grant) => rotationOf(grant));
    const poisoned = rotations.with(4, {
      ...rotations[4]!,
      tokenId: rotations[5]!.tokenId,
      generation: 2 ** 40,
    });
    const rotated = await settle(poisoned.map((rotation) => batches.rotate(rotation)));
    expect(rotated.map((outcome) => outcome instanceof Error)).toEqual(fine.map((_, index) => index === 4));
    const generations = await Promise.all(fine.map((grant) => store.findGrant(grant.accessToken.grantId)));
    expect(generations.map((grant) => grant!.refreshGeneration)).toEqual(
      fine.map((_, index) => (index === 4 ? 0 : 1)),
    );
  });

  test('what arrives together is one statement, and each gets the answer to its own question', async () => {
    const tokens = Array.from({ length: 30 }, (_, index) => ({
      token: newAccessToken(),
      isStored: index % 3 > 0,
    }));
    const stored = tokens.filter(({ isStored }) => isStored);
    const counts = await backend.counting(async () => {
      await Promise.all(stored.map(({ token }) => batches.insertAccessToken(token)));
      const live = await Promise.all(tokens.map(({ token }) => batches.isLive(token)));
      expect(live).toEqual(tokens.map(({ isStored }) => isStored));
    });
    expect(counts).toMatchObject({ access_tokens_insert: 1, access_tokens_select_live: 1 });
  });

  test('of rotations of one generation in one batch the first is done and the others come too late', async () => {
    const grant = newGrant();
    await batches.openGrant(grant);
    const rotations = Array.from({ length: 10 }, () => rotationOf(grant));
    const outcomes = await Promise.all(rotations.map((rotation) => batches.rotate(rotation)));
    const { userId, scope } = grant.accessToken;
    expect(outcomes).toEqual([{ userId, scope }, ...rotations.slice(1).map(() => undefined)]);
    expect(await store.findGrant(grant.accessToken.grantId)).toMatchObject({ refreshGeneration: 1 });
    const live = await Promise.all(
      rotations.map(({ tokenId, accessTokenExpiresAt }) =>
        batches.isLive({ tokenId, expiresAt: accessTokenExpiresAt }),
      ),
    );
    expect(live).toEqual(rotations.map((_, index) => index === 0));
  });

  test('a clock that ran on past the last partition makes the missing ones, for whatever needs them', async () => {
    now = after(NOW, 40 * DAY_SECONDS);
    const issuedAt = epochSeconds(now);
    const late = { issuedAt, expiresAt: issuedAt + 3600 };
    const [token, grant] = [newAccessToken(late), newGrant(late, { expiresAt: issuedAt + DAY_SECONDS })];
    expect(await batches.openGrant(grant)).toBe(true);
    await batches.insertAccessToken(token);
    expect(await Promise.all([token, grant.accessToken].map((each) => batches.isLive(each)))).toEqual([
      true,
      true,
    ]);

    now = after(NOW, 60 * DAY_SECONDS);
    const rotation = rotationOf(grant, 0, {
      issuedAt: issuedAt + 1,
      accessTokenExpiresAt: epochSeconds(now),
    });
    expect(await batches.rotate(rotation)).toEqual(
      expect.objectContaining({ userId: grant.accessToken.userId }),
    );
    const [needed] = neededPartitions(now);
    expect(await backend.rows('select to_regclass(?) is not null as present', [needed!.name])).toEqual([
      { present: true },
    ]);
  });
});

/** What each promise came to: its result or its error. */
function settle(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(promises.map((promise) => promise.catch((error: unknown) => error)));
}
