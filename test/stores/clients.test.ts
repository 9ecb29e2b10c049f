import { expect, test } from '@jest/globals';
import { authenticate } from '../../src/actors/client/authenticate.ts';
import { ClientDetailsStore } from '../../src/actors/client/store-details.ts';
import { ClientStore } from '../../src/actors/client/store.ts';
import { ClientSecretStore } from '../../src/actors/client/store-secrets.ts';
import { ValueRefused, UniqueViolation } from '../../src/database/faults.ts';
import { InvalidClient } from '../../src/oauth/errors.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, AWKWARD_TEXTS, NOW, after, first, newClient, newClientSecret } from './rows.ts';

/** More secrets than these suites add. */
const LIMIT = 1000;

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new ClientStore(queries));
  const detailStores = () => backend.each((queries) => new ClientDetailsStore(queries));
  const secretStores = () => backend.each((queries) => new ClientSecretStore(queries));

  test('clients are found in the order of the question, with undefined for the unknown', async () => {
    const [clients, others] = stores();
    const [one, two] = [newClient(), newClient()];
    await clients.insert(one);
    await others.insert(two);
    const ids = ['unknown', two.client.clientId, one.client.clientId, 'nobody', two.client.clientId];
    expect(await clients.find(ids)).toEqual([undefined, two, one, undefined, two]);
    expect(await clients.find([])).toEqual([]);
  });

  test('a client comes back as it was registered, to the letter', async () => {
    const [clients, others] = stores();
    const records = [
      newClient({ tokenEndpointAuthMethod: 'none', redirectUris: [], grantTypes: [], scope: [] }, []),
      newClient({ clientUri: 'https://app.example', firstParty: true, pkceRequired: false }),
      newClient({ redirectUris: AWKWARD_TEXTS }, [newClientSecret(), newClientSecret()]),
      ...AWKWARD_TEXTS.map((text) => newClient({ clientName: text, clientUri: text })),
      ...AWKWARD_DATES.map((createdAt) => newClient({ createdAt })),
    ];
    for (const record of records) await clients.insert(record);
    const found = await others.find(records.map(({ client }) => client.clientId));
    const byId = (secrets: readonly { id: string }[]) =>
      [...secrets].sort((a, b) => a.id.localeCompare(b.id));
    expect(found.map((record) => record && { ...record, secrets: byId(record.secrets) })).toEqual(
      records.map((record) => ({ ...record, secrets: byId(record.secrets) })),
    );
  });

  test('a client that cannot be stored leaves no part of itself behind', async () => {
    const [clients] = stores();
    const known = newClient();
    await clients.insert(known);
    await expect(clients.insert({ ...known, secrets: [newClientSecret()] })).rejects.toBeInstanceOf(
      UniqueViolation,
    );
    const malformed = newClient({}, [{ ...newClientSecret(), id: 'not a uuid' }]);
    await expect(clients.insert(malformed)).rejects.toBeInstanceOf(ValueRefused);
    expect(await clients.find([known.client.clientId, malformed.client.clientId])).toEqual([
      known,
      undefined,
    ]);
  });

  test('after a rotation both secrets are good until the overlap has passed, then the new one alone', async () => {
    const [clients, others] = stores();
    const record = newClient({}, [newClientSecret('the first secret')]);
    const { clientId } = record.client;
    await clients.insert(record);
    await secretStores()[0].add(clientId, newClientSecret('the second secret'), NOW, after(NOW, 60), LIMIT);

    const authenticates = async (presented: string, at: Date) => {
      const [found] = await others.find([clientId]);
      try {
        return authenticate(found, new Sensitive(presented), at, () => undefined).clientId === clientId;
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidClient);
        return false;
      }
    };
    const lastMoment = new Date(after(NOW, 60).getTime() - 1);
    expect(await authenticates('the first secret', lastMoment)).toBe(true);
    expect(await authenticates('the second secret', lastMoment)).toBe(true);
    expect(await authenticates('the first secret', after(NOW, 60))).toBe(false);
    expect(await authenticates('the second secret', after(NOW, 60))).toBe(true);

    // Another rotation shortens what is left to the older ones and never lengthens it.
    await secretStores()[1].add(clientId, newClientSecret('the third secret'), NOW, after(NOW, 3600), LIMIT);
    expect(await authenticates('the first secret', after(NOW, 60))).toBe(false);
    expect(await authenticates('the second secret', after(NOW, 3599))).toBe(true);
    expect(await authenticates('the second secret', after(NOW, 3600))).toBe(false);
    expect(await authenticates('the third secret', after(NOW, 3600))).toBe(true);
  });

  test('when a secret expires is kept to the millisecond', async () => {
    const [clients] = stores();
    for (const expiry of AWKWARD_DATES) {
      const record = newClient();
      const { clientId } = record.client;
      await clients.insert(record);
      await secretStores()[0].add(clientId, newClientSecret(), NOW, expiry, LIMIT);
      const [found] = await clients.find([clientId]);
      const replaced = found!.secrets.find(({ id }) => id === record.secrets[0]!.id);
      expect(replaced?.expiresAt).toEqual(expiry);
    }
  });

  test('rotations at once each add their secret', async () => {
    const rivals = stores();
    const record = newClient();
    const { clientId } = record.client;
    await rivals[0].insert(record);
    const added = Array.from({ length: 10 }, () => newClientSecret());
    await atOnce(10, secretStores(), (secrets, index) =>
      secrets.add(clientId, added[index]!, NOW, after(NOW, 60), LIMIT),
    );
    const [found] = await rivals[1].find([clientId]);
    const ids = found!.secrets.map(({ id }) => id).sort();
    expect(ids).toEqual([...record.secrets, ...added].map(({ id }) => id).sort());
    expect(await secretStores()[0].add('nobody', newClientSecret(), NOW, NOW, LIMIT)).toBe('no such client');
  });

  test('of secrets added at once no more are taken than there may be', async () => {
    const record = newClient();
    const { clientId } = record.client;
    await stores()[0].insert(record);
    const outcomes = await atOnce(12, secretStores(), (secrets) =>
      secrets.add(clientId, newClientSecret(), NOW, null, 5),
    );
    expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(4);
    expect(outcomes.filter((outcome) => outcome === 'too many')).toHaveLength(8);
  });

  test('a secret that has stopped working stays dead, and none works for longer than it would', async () => {
    const record = newClient();
    const { clientId } = record.client;
    await stores()[0].insert(record);
    const [secrets] = secretStores();
    const { id } = record.secrets[0]!;
    expect(await secrets.expire(clientId, id, after(NOW, 60))).toMatchObject({ expiresAt: after(NOW, 60) });
    expect(await secrets.expire(clientId, id, after(NOW, 30))).toMatchObject({ expiresAt: after(NOW, 30) });
    expect(await secrets.expire(clientId, id, after(NOW, 90))).toMatchObject({ expiresAt: after(NOW, 30) });
    expect(await secrets.expire('nobody', id, NOW)).toBeUndefined();
  });

  test('a client is disabled and enabled again, and nobody else with it', async () => {
    const [clients, others] = stores();
    const [record, neighbour] = [newClient(), newClient()];
    const { clientId } = record.client;
    await clients.insert(record);
    await clients.insert(neighbour);
    const disabledAt = after(NOW, 5);
    expect(await detailStores()[0].setDisabled(clientId, disabledAt, disabledAt)).toMatchObject({
      clientId,
      disabledAt,
    });
    expect(await others.find([clientId, neighbour.client.clientId])).toEqual([
      { ...record, client: { ...record.client, disabledAt } },
      neighbour,
    ]);
    expect(await detailStores()[1].setDisabled(clientId, null, after(NOW, 6))).toMatchObject({
      disabledAt: null,
      version: 3,
    });
    expect(await clients.find([clientId])).toEqual([record]);
    expect(await detailStores()[0].setDisabled('nobody', NOW, NOW)).toBeUndefined();
  });

  test('the list has the youngest first and no more than asked for', async () => {
    const [clients] = stores();
    await backend.empty('clients');
    const records = [3, 1, 2].map((ms) => newClient({ createdAt: new Date(NOW.getTime() + ms) }));
    for (const record of records) await clients.insert(record);
    const list = await detailStores()[0].list(null, first(2));
    expect(list.items).toEqual(
      [records[0]!, records[2]!].map(({ client }) => ({
        ...client,
        updatedAt: client.createdAt,
        version: 1,
      })),
    );
    const rest = await detailStores()[0].list(null, { limit: 2, after: list.next });
    expect(rest).toMatchObject({ items: [{ clientId: records[1]!.client.clientId }], next: null });
  });

  test('the last use of secrets is stamped to the millisecond, and an older stamp takes nothing back', async () => {
    const [clients] = stores();
    const record = newClient(
      {},
      AWKWARD_DATES.map(() => newClientSecret()),
    );
    await clients.insert(record);
    const uses = new Map(record.secrets.map(({ id }, index) => [id, AWKWARD_DATES[index]!]));
    await secretStores()[1].stampLastUsed(uses);
    await secretStores()[0].stampLastUsed(new Map(record.secrets.map(({ id }) => [id, new Date(0)])));
    const rows = await backend.rows<{ id: string; last_used_at: Date }>(
      'select id, last_used_at from client_secrets where client_id = ?',
      [record.client.clientId],
    );
    expect(new Map(rows.map((row) => [row.id, row.last_used_at]))).toEqual(uses);
  });

  test('a secret is stamped once a minute, however many replicas see it used', async () => {
    const [clients] = stores();
    const { id } = newClientSecret();
    const record = newClient({}, [{ ...newClientSecret(), id }]);
    await clients.insert(record);
    const stampAt = async (seconds: number) => {
      for (const store of secretStores()) await store.stampLastUsed(new Map([[id, after(NOW, seconds)]]));
      const [summary] = await secretStores()[0].list(record.client.clientId);
      return summary?.lastUsedAt;
    };
    expect(await stampAt(0)).toEqual(NOW);
    expect(await stampAt(45)).toEqual(NOW);
    expect(await stampAt(46)).toEqual(after(NOW, 46));
  });

  test('stamps of the same secrets in opposite order do not hinder each other', async () => {
    const rivals = stores();
    const record = newClient(
      {},
      Array.from({ length: 40 }, () => newClientSecret()),
    );
    await rivals[0].insert(record);
    const uses = record.secrets.map(({ id }) => [id, NOW] as const);
    for (let round = 0; round < 10; round += 1) {
      await atOnce(4, secretStores(), (secrets, index) =>
        secrets.stampLastUsed(new Map(index % 2 ? uses : uses.toReversed())),
      );
    }
  });
});
