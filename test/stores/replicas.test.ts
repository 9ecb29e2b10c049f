import { expect, test } from '@jest/globals';
import { expiredPartitions, neededPartitions } from '../../src/actors/token/partitions.ts';
import { ServerError } from '../../src/oauth/errors.ts';
import { onPostgres } from '../support/backends.ts';
import { ensureKeys, replicasOn, SECRET } from './replicas.ts';

const DAY_MS = 86_400_000;

onPostgres((backend) => {
  const replicas = replicasOn(backend);

  test('replicas that start at once share one signing key of each algorithm', async () => {
    const algorithms = await backend.rows('select algorithm from signing_keys order by algorithm');
    expect(algorithms).toEqual([{ algorithm: 'ES256' }, { algorithm: 'RS256' }]);
    const [one, other] = await Promise.all(replicas.pair.map(({ keys }) => keys.ask({ type: 'jwks' })));
    expect(one!.keys).toHaveLength(2);
    expect(other).toEqual(one);
  });

  test('a replica whose master secret opens no key says so and makes none; with the right one behind it, all is well', async () => {
    const [database] = backend.databases;
    const stranger = replicas.spawn(database, ['another-master-secret-0123456789']);
    const failure = ensureKeys(stranger);
    await expect(failure).rejects.toBeInstanceOf(ServerError);
    await expect(failure).rejects.toThrow(
      /^The signing key \S+ in the database cannot be decrypted with OAUTH2_SECRET\./,
    );
    const renewed = replicas.spawn(database, ['another-master-secret-0123456789', SECRET]);
    await ensureKeys(renewed);
    expect(await backend.count('signing_keys')).toBe(2);
    const { accessToken } = await renewed.tokens.ask({
      type: 'issueForClient',
      clientId: 'a-client',
      scope: ['read'],
    });
    expect(
      await replicas.tokens[0].ask({ type: 'introspect', token: accessToken, clientId: null }),
    ).toMatchObject({
      active: true,
    });
  });

  test('one sweep after days without makes the partitions that are missing and drops those that expired', async () => {
    const { accessToken } = await replicas.tokens[0].ask({
      type: 'issueForClient',
      clientId: 'a-client',
      scope: ['read'],
    });
    for (const days of [3, 4, 20]) {
      replicas.aheadMs += days * DAY_MS;
      const now = replicas.now();
      await replicas.tokens[days % 2]!.ask({ type: 'sweep' });
      const rows = await backend.rows<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'access_tokens'::regclass`,
      );
      const existing = rows.map(({ name }) => name);
      expect(existing).toEqual(expect.arrayContaining(neededPartitions(now).map(({ name }) => name)));
      expect(expiredPartitions(existing, now)).toEqual([]);
    }
    for (const tokens of replicas.tokens) {
      expect(await tokens.ask({ type: 'introspect', token: accessToken, clientId: null })).toEqual({
        active: false,
      });
    }
  });
});
