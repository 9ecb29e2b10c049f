import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { fillDatabase } from '../../bench/fill.mjs';
import { AuditStore } from '../../src/actors/audit/store.ts';
import type { AuditFilter } from '../../src/actors/audit/messages.ts';
import { AdminStore } from '../../src/actors/auth/store-admins.ts';
import { CodeStore } from '../../src/actors/auth/store-codes.ts';
import { LoginAttemptStore } from '../../src/actors/auth/store-login-attempts.ts';
import { ConsentStore } from '../../src/actors/auth/store-consents.ts';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
import { AuthSweepStore } from '../../src/actors/auth/store-sweep.ts';
import { UserDetailsStore } from '../../src/actors/auth/store-user-details.ts';
import { UserStore } from '../../src/actors/auth/store-users.ts';
import { ClientSecretStore } from '../../src/actors/client/store-secrets.ts';
import { ClientDetailsStore } from '../../src/actors/client/store-details.ts';
import { ClientStore } from '../../src/actors/client/store.ts';
import { TokenListStore } from '../../src/actors/token/store-lists.ts';
import { TokenStore } from '../../src/actors/token/store.ts';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import type { Queries, Statement } from '../../src/database/database.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { onPostgres } from '../support/backends.ts';
import { first, newAccessToken, newCode, newGrant, rotationOf } from './rows.ts';

const COUNTS = { clients: 100_000, users: 100_000, tokens: 1_000_000, grants: 100_000, events: 200_000 };
const FILL_TIMEOUT_MS = 240_000;

const CLIENT = `client${'1'.padStart(16, '0')}`;
const USER = '00000000-0000-4000-8000-000000000001';
const ANYBODY = { clientId: null, userId: null };
const ANYTHING: AuditFilter = { type: null, clientId: null, userId: null, from: null, until: null };
const NOW_SECONDS = epochSeconds(new Date());
const TODAY = { issuedAt: NOW_SECONDS, expiresAt: NOW_SECONDS + 600 };
const ROTATED = { issuedAt: NOW_SECONDS, accessTokenExpiresAt: NOW_SECONDS + 600 };
const LONG_AGO = new Date(0);
const LATE = { limit: 50, after: { at: new Date(), id: USER } };

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

// Which tables a query would read from one end to the other must be the same where they are as large as they may become and
// where they are empty: a plan that was prepared for the one may go on to be used with the other.
describe.each(['empty', 'full'])('in an %s database', (state) => {
  onPostgres((backend) => {
    beforeAll(async () => {
      await new TokenSweepStore(backend.databases[0].queriesOf('test')).ensurePartitions(new Date(), 'wait');
      if (state === 'empty') return;
      // Without the time limits that statements of the server have.
      const filler = new pg.Client(backend.url);
      await filler.connect();
      await fillDatabase((sql) => filler.query(sql), COUNTS);
      await filler.end();
    }, FILL_TIMEOUT_MS);

    /** Runs `work` with queries that also keep what they were asked. */
    const asked = async (work: (queries: Queries) => Promise<unknown>) => {
      const statements: { statement: Statement; bindings: readonly unknown[] }[] = [];
      const watched = (queries: Pick<Queries, 'query'>): Pick<Queries, 'query'> => ({
        query: (statement, bindings = []) => {
          statements.push({ statement, bindings });
          return queries.query(statement, bindings);
        },
      });
      const queries = backend.databases[0].queriesOf('test');
      await work({
        ...watched(queries),
        transaction: (inside) => queries.transaction((held) => inside(watched(held))),
        exclusively: (lock, mode, inside) => queries.exclusively(lock, mode, (held) => inside(watched(held))),
      });
      expect(statements.length).toBeGreaterThan(0);
      return statements;
    };

    /** The tables that a statement reads from end to end, planned with its values and, as a prepared one may be, without. */
    const readWhole = async (statement: Statement, bindings: readonly unknown[]) => {
      let number = 0;
      const numbered = statement.sql.replaceAll('?', () => `$${++number}`);
      const generic = await backend.rows<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json, generic_plan) ${numbered}`,
      );
      const withValues = await backend.rows<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json) ${statement.sql}`,
        bindings,
      );
      return [...generic, ...withValues].flatMap((row) => readFromEndToEnd(row['QUERY PLAN'][0].Plan));
    };

    const limits = { loginAttemptsPerAccount: 3, loginAttemptsPerAddress: 9, loginLockSeconds: 60 };
    const lists = (queries: Queries) => new TokenListStore(queries);
    const audit = (queries: Queries, filter: Partial<AuditFilter>) =>
      new AuditStore(queries).list({ ...ANYTHING, ...filter }, first(50));

    test.each<[string, (queries: Queries) => Promise<unknown>]>([
      ['clients', (queries) => new ClientDetailsStore(queries).list(null, first(50))],
      [
        'clients, further on',
        (queries) =>
          new ClientDetailsStore(queries).list(null, { ...LATE, after: { ...LATE.after, id: CLIENT } }),
      ],
      ['a search for clients', (queries) => new ClientDetailsStore(queries).list('service 77777', first(50))],
      ['one client', (queries) => new ClientDetailsStore(queries).read(CLIENT)],
      ['clients to authenticate', (queries) => new ClientStore(queries).find([CLIENT])],
      ['secrets', (queries) => new ClientSecretStore(queries).list(CLIENT)],
      ['users', (queries) => new UserDetailsStore(queries).list(null, first(50))],
      ['a search for users', (queries) => new UserDetailsStore(queries).list('person 777', first(50))],
      ['what users are called', (queries) => new UserDetailsStore(queries).listUsernames([USER])],
      ['what clients are called', (queries) => new ClientDetailsStore(queries).listNames([CLIENT])],
      ['one user', (queries) => new UserDetailsStore(queries).read(USER)],
      ['credentials', (queries) => new UserStore(queries).credentials('person1')],
      [
        'locks',
        (queries) => new LoginAttemptStore(queries, limits).locks(['person1', 'person2'], new Date()),
      ],
      ['unlocking', (queries) => new LoginAttemptStore(queries, limits).unlock('person1')],
      [
        'what a client was allowed',
        (queries) => new ConsentStore(queries).deleteOfClient('client of nobody'),
      ],
      ['sessions', (queries) => new SessionStore(queries, 7200).list(USER, new Date(), 100)],
      ['what a user allowed', (queries) => new ConsentStore(queries).list(USER, 100)],
      [
        'one connected application',
        (queries) => new TokenStore(queries).isConnected(USER, CLIENT, new Date()),
      ],
      [
        'a code to redeem',
        (queries) =>
          new CodeStore(queries).claim([{ codeHash: hashSecret('x'), clientId: CLIENT }], new Date()),
      ],
      ['a live session', (queries) => new SessionStore(queries, 7200).find(hashSecret('x'), new Date())],
      ['connected applications', (queries) => new TokenStore(queries).listConnections(USER, new Date(), 100)],
      [
        'tokens of a client',
        (queries) => lists(queries).listAccessTokens({ clientId: CLIENT }, first(50), new Date()),
      ],
      [
        'tokens of a client, further on',
        (queries) => lists(queries).listAccessTokens({ clientId: CLIENT }, LATE, new Date()),
      ],
      [
        'tokens of a user',
        (queries) => lists(queries).listAccessTokens({ userId: USER }, first(50), new Date()),
      ],
      [
        'tokens of a grant',
        (queries) => lists(queries).listAccessTokens({ grantId: USER }, first(50), new Date()),
      ],
      ['one token, revoked', (queries) => new TokenStore(queries).revokeAccessTokenById(USER, new Date())],
      ['grants', (queries) => lists(queries).listGrants(ANYBODY, first(50), new Date())],
      [
        'grants of a client',
        (queries) => lists(queries).listGrants({ ...ANYBODY, clientId: CLIENT }, first(50), new Date()),
      ],
      [
        'grants of a user',
        (queries) => lists(queries).listGrants({ ...ANYBODY, userId: USER }, first(50), new Date()),
      ],
      [
        'grants of both',
        (queries) => lists(queries).listGrants({ clientId: CLIENT, userId: USER }, first(50), new Date()),
      ],
      ['events', (queries) => audit(queries, {})],
      ['events of a kind', (queries) => audit(queries, { type: 'login_failed' })],
      ['events of a client', (queries) => audit(queries, { clientId: CLIENT })],
      ['events of a user', (queries) => audit(queries, { userId: USER })],
      [
        'events of a kind that never happened, to a client',
        (queries) => audit(queries, { type: 'client_deleted', clientId: CLIENT }),
      ],
      [
        'events of a day',
        (queries) => audit(queries, { from: new Date(Date.now() - 86_400_000), until: new Date() }),
      ],
      ['issuing', (queries) => new TokenStore(queries).insertAccessTokens([newAccessToken(TODAY)])],
      ['opening a grant', (queries) => new TokenStore(queries).openGrants([newGrant(TODAY)])],
      ['rotation', (queries) => new TokenStore(queries).rotate([rotationOf(newGrant(TODAY), 0, ROTATED)])],
      ['introspection', (queries) => new TokenStore(queries).areLive([newAccessToken(TODAY)])],
      ['a grant', (queries) => new TokenStore(queries).findGrant(USER)],
      [
        'a token to revoke',
        (queries) => new TokenStore(queries).revokeAccessToken(newAccessToken(TODAY), new Date()),
      ],
      [
        'a grant to revoke',
        (queries) =>
          new TokenStore(queries).revokeGrant(
            { grantId: randomUUID(), clientId: CLIENT, userId: USER },
            new Date(),
            new Date(),
          ),
      ],
      [
        'grants to revoke',
        (queries) => new TokenStore(queries).revokeGrantsOf(randomUUID(), CLIENT, new Date()),
      ],
      [
        'a client to revoke',
        (queries) => new TokenStore(queries).revokeIssued(`client:${CLIENT}`, new Date()),
      ],
      ['issuing a code', (queries) => new CodeStore(queries).insert([newCode()])],
      ['codes to spend', (queries) => new CodeStore(queries).spendAll(USER, CLIENT, new Date(), new Date())],
      ['a consent', (queries) => new ConsentStore(queries).find(USER, CLIENT)],
      [
        'sessions seen',
        (queries) => new SessionStore(queries, 7200).stampLastSeen(new Map([[USER, new Date()]])),
      ],
      [
        'sessions to end',
        (queries) => new SessionStore(queries, 7200).endOthers(randomUUID(), null, new Date()),
      ],
      ['whether there is an admin', (queries) => new AdminStore(queries).anyAdmin()],
      ['expired grants', (queries) => new TokenSweepStore(queries).deleteExpiredGrants(LONG_AGO)],
      ['old revocations', (queries) => new TokenSweepStore(queries).pruneRevocations(LONG_AGO)],
      ['expired codes and sessions', (queries) => new AuthSweepStore(queries).deleteExpired(LONG_AGO)],
      ['how many clients there are', (queries) => new ClientDetailsStore(queries).count()],
      ['how many users there are', (queries) => new UserDetailsStore(queries).count()],
      ['how many tokens live', (queries) => new TokenStore(queries).countActive(new Date())],
    ])('no table is read from end to end for %s', async (_what, work) => {
      for (const { statement, bindings } of await asked(work)) {
        expect({ [statement.name]: await readWhole(statement, bindings) }).toEqual({ [statement.name]: [] });
      }
    });

    test('the check finds a table that is read from end to end', async () => {
      const statement = { name: 'bad', sql: 'select 1 from clients where client_name = ?::text' };
      expect(await readWhole(statement, ['x'])).toContain('clients');
    });
  });
});

/** An index that has just the rows in question. */
const ADMINS = 'users_who_are_admins';

/** Also by an index that is gone through from its beginning. */
function readFromEndToEnd(plan: Plan): string[] {
  const node = plan['Node Type'];
  const isWhole =
    node === 'Seq Scan' ||
    (/^Index (Only )?Scan$/.test(node) && !plan['Index Cond'] && plan['Index Name'] !== ADMINS);
  const own = isWhole || /^(Hash|Merge) Join$/.test(node) ? [plan['Relation Name'] ?? node] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(readFromEndToEnd)];
}
