import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CodeStore } from '../../src/actors/auth/store-codes.ts';
import { ClientDetailsStore } from '../../src/actors/client/store-details.ts';
import { ClientStore } from '../../src/actors/client/store.ts';
import { ClientSecretStore } from '../../src/actors/client/store-secrets.ts';
import { TokenStore } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import { onPostgres, type Backend } from '../support/backends.ts';
import { NOW, after, newClient, newClientSecret, newCode, newGrant, rotationOf } from './rows.ts';

const ROWS = 8;
const MIDDLE = ROWS / 2;

/**
 * Two statements over the same rows, each held up half-way by a row that a third party has locked. Whoever locks rows in an
 * order of its own then holds what the other one needs next: no luck with the timing is needed for a deadlock.
 */
onPostgres((backend) => {
  beforeAll(async () => {
    const [sweep] = backend.each((queries) => new TokenSweepStore(queries));
    await sweep.ensurePartitions(NOW, 'wait');
    await fillTables(backend);
  });

  describe('grants', () => {
    /** Grants in the table in the opposite order of their ids. */
    const setting = async () => {
      const [clientId, userId] = [randomUUID(), randomUUID()];
      const grants = sortedIds().map((grantId) => newGrant({ grantId, clientId, userId }));
      const tokens = backend.each((queries) => new TokenStore(queries));
      for (const grant of grants.toReversed()) await tokens[0].openGrants([grant]);
      const hold = () => holding('grants', 'id', grants[MIDDLE]!.accessToken.grantId);
      return { tokens, hold, grants };
    };

    test('two replicas rotate them in opposite order', async () => {
      const { tokens, hold, grants } = await setting();
      const batches = [grants, grants.toReversed()].map((batch) => batch.map((grant) => rotationOf(grant)));
      const [one, other] = await meet(backend, hold(), [
        () => tokens[0].rotate(batches[0]!),
        () => tokens[1].rotate(batches[1]!),
      ]);
      expect([...one, ...other].filter(Boolean)).toHaveLength(ROWS);
    });
  });

  test('codes that two replicas claim in opposite order', async () => {
    const codes = Array.from({ length: ROWS }, () => newCode()).sort((a, b) =>
      Buffer.compare(a.codeHash, b.codeHash),
    );
    const stores = backend.each((queries) => new CodeStore(queries));
    await stores[0].insert(codes.toReversed());
    const [one, other] = await meet(
      backend,
      holding('authorization_codes', 'code_hash', codes[MIDDLE]!.codeHash),
      [() => stores[0].claim(codes, NOW), () => stores[1].claim(codes.toReversed(), NOW)],
    );
    expect([...one, ...other].filter(({ kind }) => kind === 'claimed')).toHaveLength(ROWS);
  });

  describe('client secrets', () => {
    const setting = async () => {
      const secrets = sortedIds().map((id) => ({ ...newClientSecret(), id }));
      const record = newClient({}, secrets.toReversed());
      await backend.each((queries) => new ClientStore(queries))[0].insert(record);
      const stores = backend.each((queries) => new ClientSecretStore(queries));
      const hold = holding('client_secrets', 'id', secrets[MIDDLE]!.id);
      const uses = secrets.map(({ id }) => [id, NOW] as const);
      const stamped = async () => {
        const sql = 'select from client_secrets where client_id = ? and last_used_at = ?';
        return (await backend.rows(sql, [record.client.clientId, NOW])).length;
      };
      return { stores, hold, uses, stamped, clientId: record.client.clientId };
    };

    test('two replicas stamp their last use in opposite order', async () => {
      const { stores, hold, uses, stamped } = await setting();
      await meet(backend, hold, [
        () => stores[0].stampLastUsed(new Map(uses)),
        () => stores[1].stampLastUsed(new Map(uses.toReversed())),
      ]);
      expect(await stamped()).toBe(ROWS);
    });

    test('one replica stamps them while another lets them expire', async () => {
      const { stores, hold, uses, stamped, clientId } = await setting();
      await meet(backend, hold, [
        () => stores[0].stampLastUsed(new Map(uses)),
        () => stores[1].add(clientId, newClientSecret(), NOW, after(NOW, 60), 1000),
      ]);
      expect(await stamped()).toBe(ROWS);
    });

    test('one replica stamps them while another deletes their client', async () => {
      const { stores, hold, uses, stamped, clientId } = await setting();
      const clients = backend.each((queries) => new ClientDetailsStore(queries))[1];
      await meet(backend, hold, [
        () => stores[0].stampLastUsed(new Map(uses)),
        () => clients.delete(clientId),
      ]);
      expect(await stamped()).toBe(0);
    });

    test('one replica deletes their client while another adds one more', async () => {
      const { stores, hold, clientId } = await setting();
      const clients = backend.each((queries) => new ClientDetailsStore(queries))[0];
      const [, added] = await meet(backend, hold, [
        () => clients.delete(clientId),
        () => stores[1].add(clientId, newClientSecret(), NOW, after(NOW, 60), 1000),
      ]);
      expect(added).toBe('no such client');
    });
  });
});

interface Hold {
  readonly sql: string;
  readonly binding: unknown;
}

function holding(table: string, column: string, binding: unknown): Hold {
  return { sql: `select from ${table} where ${column} = ? for update`, binding };
}

/** Holds the row, starts both and waits until both wait, then lets go. Rejects if either fails, as one of a deadlock's does. */
async function meet<One, Other>(
  backend: Backend,
  hold: Hold,
  [one, other]: readonly [() => Promise<One>, () => Promise<Other>],
): Promise<[One, Other]> {
  const holder = await backend.knex.transaction();
  const started: Promise<unknown>[] = [];
  try {
    await holder.raw(hold.sql, [hold.binding as string]);
    const first = one();
    started.push(first.catch(() => undefined));
    await backend.untilWaiting(1);
    const second = other();
    started.push(second.catch(() => undefined));
    await backend.untilWaiting(2);
    await holder.commit();
    return await Promise.all([first, second]);
  } finally {
    if (!holder.isCompleted()) await holder.rollback();
    await Promise.all(started);
  }
}

function sortedIds(): string[] {
  return Array.from({ length: ROWS }, () => randomUUID()).sort();
}

/** So many other rows that the planner reaches for the index, row by row in the order of the batch. */
async function fillTables(backend: Backend): Promise<void> {
  const many = 'from generate_series(1, 5000) as n';
  await backend.rows(
    `insert into grants (id, client_id, user_id, scope, created_at, expires_at)
     select gen_random_uuid(), n::text, gen_random_uuid(), '', now(), now() ${many}`,
  );
  await backend.rows(
    `insert into authorization_codes (code_hash, grant_id, client_id, user_id, redirect_uri, scope, authenticated_at,
       issued_at, expires_at)
     select sha256(n::text::bytea), gen_random_uuid(), n::text, gen_random_uuid(), '', '', now(), now(), now() ${many}`,
  );
  const [clients] = backend.each((queries) => new ClientStore(queries));
  const filler = newClient();
  await clients.insert(filler);
  await backend.rows(
    `insert into client_secrets (id, client_id, secret_hash, created_at)
     select gen_random_uuid(), ?, '', now() ${many}`,
    [filler.client.clientId],
  );
  await backend.rows('analyze');
}
