import { beforeEach, expect, test } from '@jest/globals';
import { KeyNotDecryptable, KeyVault } from '../../src/actors/keys/key-vault.ts';
import { KeyStore, type StoredKey } from '../../src/actors/keys/store.ts';
import { StatementFailed } from '../../src/database/faults.ts';
import { signJwt, verifyJwt, type SigningAlgorithm } from '../../src/oauth/jwt.ts';
import { deriveKeys } from '../../src/oauth/master-secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, AWKWARD_TEXTS, NOW, after } from './rows.ts';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256'];

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new KeyStore(queries));

  beforeEach(() => backend.empty('signing_keys'));

  test('keys come back as they were stored, the oldest first', async () => {
    const [keys, others] = stores();
    const stored = [
      ...AWKWARD_DATES.map((date, index) =>
        newKey(`dated-${index}`, 'ES256', { createdAt: date, activatesAt: after(date, 600) }),
      ),
      ...AWKWARD_TEXTS.map((text, index) =>
        newKey(`text-${index}`, 'ES256', {
          createdAt: after(NOW, index + 1),
          publicJwk: { text, [text]: [text] },
          privateJwe: text,
        }),
      ),
    ];
    for (const key of stored) await keys.add(NOW, () => Promise.resolve([key]), after(NOW, 3600));
    const expected = stored.map((key, index) => ({
      ...key,
      expiresAt: index < stored.length - 1 ? after(NOW, 3600) : null,
    }));
    const found = await others.published(NOW);
    expect(new Map(found.map((key) => [key.kid, key]))).toEqual(
      new Map(expected.map((key) => [key.kid, key])),
    );
    const ages = found.map(({ createdAt }) => createdAt.getTime());
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
  });

  test('of many replicas that make the first keys at once, one makes one of each algorithm', async () => {
    const rivals = stores();
    for (let round = 0; round < 5; round += 1) {
      await backend.empty('signing_keys');
      await atOnce(10, rivals, (keys, index) =>
        keys.add(
          NOW,
          async (published) =>
            ALGORITHMS.filter((algorithm) => published.every((key) => key.algorithm !== algorithm)).map(
              (algorithm) => newKey(`${algorithm} of ${index}`, algorithm),
            ),
          NOW,
        ),
      );
      const made = await rivals[0].published(NOW);
      expect(made.map(({ algorithm }) => algorithm).sort()).toEqual(ALGORITHMS);
      expect(made.map(({ expiresAt }) => expiresAt)).toEqual([null, null]);
    }
  });

  test('a new key gives those it replaces an expiry, and the clock that is passed in decides when that is', async () => {
    const [keys, others] = stores();
    const add = (key: StoredKey, replacedExpireAt: Date) =>
      keys.add(NOW, () => Promise.resolve([key]), replacedExpireAt);
    await add(newKey('first', 'ES256'), NOW);
    await add(newKey('neighbour', 'RS256'), NOW);
    await add(newKey('second', 'ES256', { createdAt: after(NOW, 1) }), after(NOW, 100));
    // One that is on its way out already keeps its time.
    await add(newKey('third', 'ES256', { createdAt: after(NOW, 2) }), after(NOW, 200));
    const publishedAt = async (at: Date) => (await others.published(at)).map(({ kid }) => kid).sort();
    const justBefore = (date: Date) => new Date(date.getTime() - 1);
    expect(await publishedAt(justBefore(after(NOW, 100)))).toEqual(['first', 'neighbour', 'second', 'third']);
    expect(await publishedAt(after(NOW, 100))).toEqual(['neighbour', 'second', 'third']);
    expect(await publishedAt(justBefore(after(NOW, 200)))).toEqual(['neighbour', 'second', 'third']);
    expect(await publishedAt(after(NOW, 200))).toEqual(['neighbour', 'third']);
  });

  test('a rotation that fails half-way changes nothing', async () => {
    const [keys] = stores();
    await keys.add(NOW, () => Promise.resolve([newKey('first', 'ES256')]), NOW);
    const before = await keys.published(NOW);
    const bad = { ...newKey('third', 'RS256'), algorithm: null as unknown as SigningAlgorithm };
    await expect(
      keys.add(NOW, () => Promise.resolve([newKey('second', 'ES256'), bad]), after(NOW, 1)),
    ).rejects.toBeInstanceOf(StatementFailed);
    await expect(keys.add(NOW, () => Promise.reject(new Error('no key today')), NOW)).rejects.toThrow();
    expect(await keys.published(NOW)).toEqual(before);
    // The lock went with the transaction.
    await keys.add(NOW, () => Promise.resolve([newKey('second', 'ES256')]), NOW);
  });

  test('a private key opens with the master secret that it was made with, first in the list or not, and with no other', async () => {
    const [keys, others] = stores();
    const vault = (...secrets: string[]) =>
      new KeyVault(
        deriveKeys(
          secrets.map((secret) => new Sensitive(secret)),
          'signing-key-encryption',
        ),
      );
    await keys.add(
      NOW,
      () =>
        Promise.all(
          ALGORITHMS.map((algorithm) => vault('the old secret').generate(algorithm, NOW, after(NOW, 600))),
        ),
      NOW,
    );
    const stored = await others.published(NOW);
    expect(stored.map(({ algorithm }) => algorithm).sort()).toEqual(ALGORITHMS);
    for (const key of stored) {
      expect(JSON.stringify(key.publicJwk)).not.toMatch(/"(?:d|p|q|dp|dq|qi|k)":/);
      for (const right of [vault('the old secret'), vault('the new secret', 'the old secret')]) {
        const open = await right.open(key);
        const jwt = signJwt(open, 'JWT', { sub: 'somebody' });
        expect(verifyJwt(jwt, open)).toEqual({ sub: 'somebody' });
      }
      const failure = vault('the new secret', 'yet another secret').open(key);
      await expect(failure).rejects.toBeInstanceOf(KeyNotDecryptable);
      await expect(failure).rejects.toThrow(`The signing key ${key.kid} in the database cannot be decrypted`);
    }
  });
});

function newKey(kid: string, algorithm: SigningAlgorithm, overrides: Partial<StoredKey> = {}): StoredKey {
  return {
    kid,
    algorithm,
    publicJwk: { kid },
    privateJwe: 'a-jwe',
    createdAt: NOW,
    activatesAt: NOW,
    expiresAt: null,
    ...overrides,
  };
}
