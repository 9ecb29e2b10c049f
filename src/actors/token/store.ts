import type { Queries } from '../../database/database.ts';
import { sampledCount } from '../../database/sampling.ts';
import { parseScope } from '../../oauth/scope.ts';
import type { Connection } from './messages.ts';
import * as sql from './statements.ts';

/** An access token about to be issued. Times in seconds since the epoch. */
export interface NewAccessToken {
  readonly tokenId: string;
  readonly clientId: string;
  readonly userId: string | null;
  readonly grantId: string | null;
  readonly scope: string;
  /** With its milliseconds: what is issued right after a revocation must not fall under it. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A grant about to open, with its first access token. */
export interface NewGrant {
  readonly accessToken: NewAccessToken & { readonly grantId: string; readonly userId: string };
  readonly refreshable: boolean;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** A compare-and-set of a grant's refresh generation, and the access token that comes with it. */
export interface Rotation {
  readonly grantId: string;
  readonly generation: number;
  readonly clientId: string;
  /** Null: all of the grant's scope. */
  readonly scope: string | null;
  readonly tokenId: string;
  /** With its milliseconds. */
  readonly issuedAt: number;
  readonly rotatedAt: Date;
  readonly accessTokenExpiresAt: number;
  readonly grantExpiresAt: number;
}

export interface Rotated {
  readonly userId: string;
  readonly scope: string;
}

export interface GrantRow {
  readonly clientId: string;
  readonly userId: string;
  readonly scope: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** By itself, or with its client or its user. */
  readonly revoked: boolean;
  readonly refreshGeneration: number | null;
  readonly rotatedAt: Date | null;
}

/** Whom a revocation is about. */
export type RevocationSubject = `client:${string}` | `user:${string}`;

/** Where an access token's row is: its id and, because rows live in partitions by expiry, its expiry. */
export interface AccessTokenKey {
  readonly tokenId: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** All SQL on grants and access_tokens. */
export class TokenStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async insertAccessTokens(tokens: readonly NewAccessToken[]): Promise<readonly undefined[]> {
    await this.#queries.query(sql.INSERT_ACCESS_TOKENS, [
      tokens.map((token) => token.tokenId),
      tokens.map((token) => token.clientId),
      tokens.map((token) => token.userId),
      tokens.map((token) => token.grantId),
      tokens.map((token) => token.scope),
      tokens.map((token) => token.issuedAt),
      tokens.map((token) => token.expiresAt),
    ]);
    return tokens.map(() => undefined);
  }

  /** Opens grants; one whose id exists already (it was revoked before it opened) answers false. */
  async openGrants(grants: readonly NewGrant[]): Promise<readonly boolean[]> {
    const tokens = grants.map((grant) => grant.accessToken);
    const rows = await this.#queries.query<{ id: string }>(sql.OPEN_GRANTS, [
      tokens.map((token) => token.grantId),
      tokens.map((token) => token.clientId),
      tokens.map((token) => token.userId),
      tokens.map((token) => token.scope),
      tokens.map((token) => token.tokenId),
      tokens.map((token) => token.issuedAt),
      tokens.map((token) => token.expiresAt),
      grants.map((grant) => grant.expiresAt),
      grants.map((grant) => (grant.refreshable ? 0 : null)),
    ]);
    const opened = new Set(rows.map((row) => row.id));
    return tokens.map((token) => opened.has(token.grantId));
  }

  /** Rotates refresh tokens: each generation at most once, whoever asks. Undefined where the comparison failed. */
  async rotate(rotations: readonly Rotation[]): Promise<readonly (Rotated | undefined)[]> {
    const rows = await this.#queries.query<{ token_id: string; user_id: string; scope: string }>(sql.ROTATE, [
      rotations.map((rotation) => rotation.grantId),
      rotations.map((rotation) => rotation.generation),
      rotations.map((rotation) => rotation.clientId),
      rotations.map((rotation) => rotation.scope),
      rotations.map((rotation) => rotation.tokenId),
      rotations.map((rotation) => rotation.issuedAt),
      rotations.map((rotation) => rotation.rotatedAt.getTime() / 1000),
      rotations.map((rotation) => rotation.accessTokenExpiresAt),
      rotations.map((rotation) => rotation.grantExpiresAt),
    ]);
    const byToken = new Map(rows.map((row) => [row.token_id, { userId: row.user_id, scope: row.scope }]));
    return rotations.map((rotation) => byToken.get(rotation.tokenId));
  }

  async findGrant(grantId: string): Promise<GrantRow | undefined> {
    const [row] = await this.#queries.query<{
      client_id: string;
      user_id: string;
      scope: string;
      created_at: Date;
      expires_at: Date;
      revoked: boolean;
      refresh_generation: number | null;
      rotated_at: Date | null;
    }>(sql.FIND_GRANT, [grantId]);
    return row
      ? {
          clientId: row.client_id,
          userId: row.user_id,
          scope: row.scope,
          createdAt: row.created_at,
          expiresAt: row.expires_at,
          revoked: row.revoked,
          refreshGeneration: row.refresh_generation,
          rotatedAt: row.rotated_at,
        }
      : undefined;
  }

  /** Which of the access tokens, known to be ours and unexpired, were not revoked, alone or with their grant. */
  async areLive(keys: readonly AccessTokenKey[]): Promise<readonly boolean[]> {
    const rows = await this.#queries.query<{ id: string }>(sql.SELECT_LIVE, [
      keys.map((key) => key.tokenId),
      keys.map((key) => key.expiresAt),
    ]);
    const live = new Set(rows.map((row) => row.id));
    return keys.map((key) => live.has(key.tokenId));
  }

  /** How many access tokens are neither expired nor revoked, alone or with their grant; an estimate where there are many. */
  countActive(now: Date): Promise<number> {
    return sampledCount(this.#queries, 'access_tokens', sql.COUNT_ACTIVE, [now]);
  }

  /** Resolves to whether there was something to revoke. */
  async revokeAccessToken(key: AccessTokenKey, now: Date): Promise<boolean> {
    const rows = await this.#queries.query(sql.REVOKE_ACCESS_TOKEN, [now, key.tokenId, key.expiresAt]);
    return rows.length > 0;
  }

  /** Resolves to whose token it was; to undefined if there is none that has neither expired nor been revoked by itself. */
  async revokeAccessTokenById(
    tokenId: string,
    now: Date,
  ): Promise<{ clientId: string; userId: string | null } | undefined> {
    const [row] = await this.#queries.query<{ client_id: string; user_id: string | null }>(
      sql.REVOKE_ACCESS_TOKEN_BY_ID,
      [now, tokenId, now],
    );
    return row && { clientId: row.client_id, userId: row.user_id };
  }

  /** Revokes a grant, or puts a revoked one in its place so that it cannot open later. True if it was not revoked before. */
  async revokeGrant(
    grant: { grantId: string; clientId: string; userId: string },
    now: Date,
    tombstoneExpiresAt: Date,
  ): Promise<boolean> {
    const [row] = await this.#queries.query<{ first: boolean }>(sql.REVOKE_GRANT, [
      grant.grantId,
      grant.clientId,
      grant.userId,
      now,
      tombstoneExpiresAt,
      now,
    ]);
    return row?.first ?? false;
  }

  /** Revokes the grants that a user gave a client; resolves to the ids of those that were not revoked before. */
  async revokeGrantsOf(userId: string, clientId: string, now: Date): Promise<readonly string[]> {
    const rows = await this.#queries.query<{ id: string }>(sql.REVOKE_GRANTS_OF, [userId, clientId, now]);
    return rows.map(({ id }) => id);
  }

  /** The clients that hold a live grant of a user, the one used last first. */
  async listConnections(userId: string, now: Date, limit: number): Promise<readonly Connection[]> {
    const rows = await this.#queries.query<{
      client_id: string;
      scope: string;
      since: Date;
      last_used_at: Date;
    }>(sql.LIST_CONNECTIONS, [userId, now, limit]);
    return rows.map((row) => ({
      clientId: row.client_id,
      scope: parseScope(row.scope),
      since: row.since,
      lastUsedAt: row.last_used_at,
    }));
  }

  /** Whether the client is one of the user's connections, however many there are. */
  async isConnected(userId: string, clientId: string, now: Date): Promise<boolean> {
    const [row] = await this.#queries.query<{ present: boolean }>(sql.IS_CONNECTED, [userId, clientId, now]);
    return row?.present ?? false;
  }

  /** Revokes all that the client or user was or will be issued, until `readmit`; one row, however much that is. */
  async bar(subject: RevocationSubject): Promise<void> {
    await this.#queries.query(sql.REVOKE_UNTIL, [subject, 'infinity']);
  }

  /** Revokes all that was issued so far. Whoever is barred stays so. */
  async revokeIssued(subject: RevocationSubject, now: Date): Promise<void> {
    await this.#queries.query(sql.REVOKE_UNTIL, [subject, now]);
  }

  /** What is issued from now on counts again; what was issued before stays revoked. */
  async readmit(subject: RevocationSubject, now: Date): Promise<void> {
    await this.#queries.query(sql.READMIT, [now, subject]);
  }
}
