import { beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { fillDatabase } from '../../bench/fill.mjs';
import { AuditStore } from '../../src/actors/audit/store.ts';
import type { AuditFilter } from '../../src/actors/audit/messages.ts';
import { CodeStore } from '../../src/actors/auth/store-codes.ts';
import { LoginAttemptStore } from '../../src/actors/auth/store-login-attempts.ts';
import { ConsentStore } from '../../src/actors/auth/store-consents.ts';
import { SessionStore } from '../../src/actors/auth/store-sessions.ts';
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
import { onPostgres } from '../support/backends.ts';
import { first } from './rows.ts';

const COUNTS = { clients: 100_000, users: 100_000, tokens: 1_000_000, grants: 100_000, events: 200_000 };
const FILL_TIMEOUT_MS = 240_000;

const CLIENT = `client${'1'.padStart(16, '0')}`;
const USER = '00000000-0000-4000-8000-000000000001';
const ANYBODY = { clientId: null, userId: null };
const ANYTHING: AuditFilter = { type: null, clientId: null, userId: null, from: null, until: null };
const LATE = { limit: 50, after: { at: new Date(), id: USER } };

/** What is this small, such as a partition of days to come, is read whole by right. */
const SMALL_PAGES = 8;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

// Which of these a query would read from one end to the other is seen only where they are as large as they may become.
onPostgres((backend) => {
  beforeAll(async () => {
    await new TokenSweepStore(backend.databases[0].queriesOf('test')).ensurePartitions(new Date(), 'wait');
    // Without the time limits that statements of the server have.
    const filler = new pg.Client(backend.url);
    await filler.connect();
    await fillDatabase((sql) => filler.query(sql), COUNTS);
    await filler.end();
  }, FILL_TIMEOUT_MS);

  /** Runs `work` with queries that also keep what they were asked. */
  const asked = async (work: (queries: Queries) => Promise<unknown>) => {
    const statements: { statement: Statement; bindings: readonly unknown[] }[] = [];
    const queries = backend.databases[0].queriesOf('test');
    await work({
      ...queries,
      query: (statement, bindings = []) => {
        statements.push({ statement, bindings });
        return queries.query(statement, bindings);
      },
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
    const read = [...generic, ...withValues].flatMap((row) => sequential(row['QUERY PLAN'][0].Plan));
    const large = await backend.rows<{ relname: string }>(
      'select relname from pg_class where relname = any(?::text[]) and relpages > ?',
      [read, SMALL_PAGES],
    );
    return large.map(({ relname }) => relname);
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
    ['locks', (queries) => new LoginAttemptStore(queries, limits).locks(['person1', 'person2'], new Date())],
    ['unlocking', (queries) => new LoginAttemptStore(queries, limits).unlock('person1')],
    ['what a client was allowed', (queries) => new ConsentStore(queries).deleteOfClient('client of nobody')],
    ['sessions', (queries) => new SessionStore(queries, 7200).list(USER, new Date(), 100)],
    ['what a user allowed', (queries) => new ConsentStore(queries).list(USER, 100)],
    ['one connected application', (queries) => new TokenStore(queries).isConnected(USER, CLIENT, new Date())],
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

function sequential(plan: Plan): string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? 'unknown'] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(sequential)];
}
