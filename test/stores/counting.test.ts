import { expect, test } from '@jest/globals';
import { ClientDetailsStore } from '../../src/actors/client/store-details.ts';
import { ClientStore } from '../../src/actors/client/store.ts';
import { TokenStore } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { onEachBackend, onPostgres } from '../support/backends.ts';
import { NOW, newAccessToken, newClient, newGrant } from './rows.ts';

onEachBackend((backend) => {
  const tokenStore = () => backend.each((queries) => new TokenStore(queries))[0];

  test('active tokens are those that are neither expired nor revoked, alone, with their grant, client or user', async () => {
    const tokens = tokenStore();
    await backend.each((queries) => new TokenSweepStore(queries))[0].ensurePartitions(NOW, 'wait');
    expect(await tokens.countActive(NOW)).toBe(0);
    const now = epochSeconds(NOW);
    const lively = Array.from({ length: 3 }, () => newAccessToken());
    const expired = newAccessToken({ issuedAt: now - 100, expiresAt: now });
    const revoked = newAccessToken();
    const barred = newAccessToken({ clientId: 'a-barred-client' });
    await tokens.insertAccessTokens([...lively, expired, revoked, barred]);
    const [open, closed] = [newGrant(), newGrant()];
    await tokens.openGrants([open, closed]);
    await tokens.revokeAccessToken(revoked, NOW);
    await tokens.bar('client:a-barred-client');
    const { grantId, clientId, userId } = closed.accessToken;
    await tokens.revokeGrant({ grantId, clientId, userId }, NOW, NOW);
    expect(await tokens.countActive(NOW)).toBe(4);
  });

  test('a few clients are counted to the last', async () => {
    const [clients] = backend.each((queries) => new ClientStore(queries));
    const [details] = backend.each((queries) => new ClientDetailsStore(queries));
    expect(await details.count()).toBe(0);
    for (let index = 0; index < 3; index += 1) await clients.insert(newClient());
    expect(await details.count()).toBe(3);
  });
});

onPostgres((backend) => {
  test('of very many tokens a sample is read, and the estimate is near', async () => {
    await backend.each((queries) => new TokenSweepStore(queries))[0].ensurePartitions(NOW, 'wait');
    // Two thirds of three hundred thousand have expired, and lie among the others.
    await backend.rows(
      `insert into access_tokens (id, client_id, scope, issued_at, expires_at)
       select gen_random_uuid(), 'a-client', 'read write', at, at + (case when n % 3 = 0 then 3600 else -1 end) * interval '1 second'
       from generate_series(1, 300000) as n, (select ?::timestamptz as at) as moment`,
      [NOW],
    );
    const [tokens] = backend.each((queries) => new TokenStore(queries));
    const estimate = await tokens.countActive(NOW);
    expect(estimate).toBeGreaterThan(80_000);
    expect(estimate).toBeLessThan(120_000);
  });
});
