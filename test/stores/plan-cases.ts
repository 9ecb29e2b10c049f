import { randomUUID } from 'node:crypto';
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
import type { Queries } from '../../src/database/database.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { epochSeconds } from '../../src/oauth/sources.ts';
import { first, newAccessToken, newCode, newGrant, rotationOf } from './rows.ts';

const CLIENT = `client${'1'.padStart(16, '0')}`;
const USER = '00000000-0000-4000-8000-000000000001';
const ANYBODY = { clientId: null, userId: null };
const ANYTHING: AuditFilter = { type: null, clientId: null, userId: null, from: null, until: null };
const NOW_SECONDS = epochSeconds(new Date());
const TODAY = { issuedAt: NOW_SECONDS, expiresAt: NOW_SECONDS + 600 };
const ROTATED = { issuedAt: NOW_SECONDS, accessTokenExpiresAt: NOW_SECONDS + 600 };
const LONG_AGO = new Date(0);
const LATE = { limit: 50, after: { at: new Date(), id: USER } };

const limits = { loginAttemptsPerAccount: 3, loginAttemptsPerAddress: 9, loginLockSeconds: 60 };
const lists = (queries: Queries) => new TokenListStore(queries);
const audit = (queries: Queries, filter: Partial<AuditFilter>) =>
  new AuditStore(queries).list({ ...ANYTHING, ...filter }, first(50));

/** What a statement is for, and how to have it asked. */
export type PlanCase = readonly [string, (queries: Queries) => Promise<unknown>];

/** What every token asks for: flat in whatever state the tables were when the plan was made. */
export const TOKEN_PATH: readonly PlanCase[] = [
  ['clients to authenticate', (queries) => new ClientStore(queries).find([CLIENT])],
  [
    'a code to redeem',
    (queries) => new CodeStore(queries).claim([{ codeHash: hashSecret('x'), clientId: CLIENT }], new Date()),
  ],
  ['a live session', (queries) => new SessionStore(queries, 7200).find(hashSecret('x'), new Date())],
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
  ['issuing a code', (queries) => new CodeStore(queries).insert([newCode()])],
  ['a consent', (queries) => new ConsentStore(queries).find(USER, CLIENT)],
];

/** What people ask for, and what is done in the background. */
export const OTHERS: readonly PlanCase[] = [
  ['clients', (queries) => new ClientDetailsStore(queries).list(null, first(50))],
  [
    'clients, further on',
    (queries) =>
      new ClientDetailsStore(queries).list(null, { ...LATE, after: { ...LATE.after, id: CLIENT } }),
  ],
  ['a search for clients', (queries) => new ClientDetailsStore(queries).list('service 77777', first(50))],
  ['one client', (queries) => new ClientDetailsStore(queries).read(CLIENT)],
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
  ['connected applications', (queries) => new TokenStore(queries).listConnections(USER, new Date(), 100)],
  [
    'tokens of a client',
    (queries) => lists(queries).listAccessTokens({ clientId: CLIENT }, first(50), new Date()),
  ],
  [
    'tokens of a client, further on',
    (queries) => lists(queries).listAccessTokens({ clientId: CLIENT }, LATE, new Date()),
  ],
  ['tokens of a user', (queries) => lists(queries).listAccessTokens({ userId: USER }, first(50), new Date())],
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
  ['grants to revoke', (queries) => new TokenStore(queries).revokeGrantsOf(randomUUID(), CLIENT, new Date())],
  ['a client to revoke', (queries) => new TokenStore(queries).revokeIssued(`client:${CLIENT}`, new Date())],
  ['codes to spend', (queries) => new CodeStore(queries).spendAll(USER, CLIENT, new Date(), new Date())],
  ['secrets used', (queries) => new ClientSecretStore(queries).stampLastUsed(new Map([[USER, new Date()]]))],
  [
    'sessions seen',
    (queries) => new SessionStore(queries, 7200).stampLastSeen(new Map([[USER, new Date()]])),
  ],
  ['sessions to end', (queries) => new SessionStore(queries, 7200).endOthers(randomUUID(), null, new Date())],
  ['whether there is an admin', (queries) => new AdminStore(queries).anyAdmin()],
  ['expired codes and sessions', (queries) => new AuthSweepStore(queries).deleteExpired(LONG_AGO)],
  ['how many clients there are', (queries) => new ClientDetailsStore(queries).count()],
  ['how many users there are', (queries) => new UserDetailsStore(queries).count()],
  ['how many tokens live', (queries) => new TokenStore(queries).countActive(new Date())],
  ['expired grants', (queries) => new TokenSweepStore(queries).deleteExpiredGrants(LONG_AGO)],
  ['old revocations', (queries) => new TokenSweepStore(queries).pruneRevocations(LONG_AGO)],
];
