import { beforeEach, expect, test } from '@jest/globals';
import { KeyNotDecryptable, KeyVault } from '../../src/actors/keys/key-vault.ts';
import { KeyStore, type KeyChange, type StoredKey } from '../../src/actors/keys/store.ts';
import { StatementFailed } from '../../src/database/faults.ts';
import { signJwt, verifyJwt, type SigningAlgorithm } from '../../src/oauth/jwt.ts';
import { deriveKeys } from '../../src/oauth/master-secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, AWKWARD_TEXTS, NOW, after } from './rows.ts';

const NOTHING: KeyChange = { add: [], redate: [], remove: [] };
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
    await add(keys, ...stored);
    const expected = stored;
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
        keys.change(NOW, 'wait', async (published) => ({
          ...NOTHING,
          add: ALGORITHMS.filter((algorithm) => published.every((key) => key.algorithm !== algorithm)).map(
            (algorithm) => newKey(`${algorithm} of ${index}`, algorithm),
          ),
        })),
      );
      const made = await rivals[0].published(NOW);
      expect(made.map(({ algorithm }) => algorithm).sort()).toEqual(ALGORITHMS);
      expect(made.map(({ expiresAt }) => expiresAt)).toEqual([null, null]);
    }
  });

  test('keys are added, get other times and are removed in one step, and the clock that is passed in decides what is published', async () => {
    const [keys, others] = stores();
    await add(keys, newKey('first', 'ES256'), newKey('neighbour', 'RS256'), newKey('leaked', 'RS256'));
    const activatesAt = after(NOW, 50);
    const change: KeyChange = {
      add: [newKey('second', 'ES256', { createdAt: after(NOW, 1), activatesAt })],
      redate: [{ kid: 'first', activatesAt: NOW, expiresAt: after(NOW, 100) }],
      remove: ['leaked'],
    };
    expect(await keys.change(NOW, 'wait', () => Promise.resolve(change))).toBe(change);
    const publishedAt = async (at: Date) => (await others.published(at)).map(({ kid }) => kid).sort();
    const justBefore = (date: Date) => new Date(date.getTime() - 1);
    expect(await publishedAt(justBefore(after(NOW, 100)))).toEqual(['first', 'neighbour', 'second']);
    expect(await publishedAt(after(NOW, 100))).toEqual(['neighbour', 'second']);
    expect(await others.published(NOW)).toContainEqual(
      expect.objectContaining({ kid: 'second', activatesAt }),
    );
  });

  test('the sweep deletes what left the key set before the moment that it is given, and nothing else', async () => {
    const [keys] = stores();
    const gone = newKey('gone', 'ES256', { expiresAt: after(NOW, -1) });
    await add(keys, gone, newKey('going', 'ES256', { expiresAt: NOW }), newKey('here', 'ES256'));
    await keys.sweep(NOW);
    const kids = await backend.rows('select kid from signing_keys order by kid');
    expect(kids).toEqual([{ kid: 'going' }, { kid: 'here' }]);
  });

  test('a change that fails half-way changes nothing', async () => {
    const [keys] = stores();
    await add(keys, newKey('first', 'ES256'));
    const before = await keys.published(NOW);
    const bad = { ...newKey('third', 'RS256'), algorithm: null as unknown as SigningAlgorithm };
    const change = { redate: [], remove: ['first'], add: [newKey('second', 'ES256'), bad] };
    await expect(keys.change(NOW, 'wait', () => Promise.resolve(change))).rejects.toBeInstanceOf(
      StatementFailed,
    );
    await expect(keys.change(NOW, 'wait', () => Promise.reject(new Error('no key today')))).rejects.toThrow();
    expect(await keys.published(NOW)).toEqual(before);
    // The lock went with the transaction.
    await add(keys, newKey('second', 'ES256'));
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
    await add(
      keys,
      ...(await Promise.all(
        ALGORITHMS.map((algorithm) => vault('the old secret').generate(algorithm, NOW, after(NOW, 600))),
      )),
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

async function add(store: KeyStore, ...keys: readonly StoredKey[]): Promise<void> {
  await store.change(NOW, 'wait', () => Promise.resolve({ ...NOTHING, add: keys }));
}

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
