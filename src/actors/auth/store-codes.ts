import type { Queries } from '../../database/database.ts';
import { formatScope, parseScope, type Scope } from '../../oauth/scope.ts';
import type { CodeHash } from '../../oauth/secret.ts';

export interface StoredCode {
  readonly codeHash: CodeHash;
  readonly grantId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly redirectUri: string;
  readonly scope: Scope;
  readonly codeChallenge: string | null;
  readonly nonce: string | null;
  readonly authenticatedAt: Date;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface Claim {
  readonly codeHash: CodeHash;
  readonly clientId: string;
}

/**
 * `claimed`: this caller, and nobody else ever, may use the code. `spent`: somebody claimed it before. `userBarred`: the user
 * was disabled, or given another password since signing in. `consented`: all of the code's scope is what the user allows the
 * client now.
 */
export type ClaimResult =
  | {
      readonly kind: 'claimed';
      readonly code: StoredCode;
      readonly userBarred: boolean;
      readonly consented: boolean;
    }
  | { readonly kind: 'spent'; readonly grantId: string; readonly userId: string }
  | { readonly kind: 'unknown' };

const INSERT = {
  name: 'codes_insert',
  sql: `
    insert into authorization_codes (code_hash, grant_id, client_id, user_id, redirect_uri, scope, code_challenge, nonce,
      authenticated_at, issued_at, expires_at)
    select decode(code_hash, 'hex'), grant_id, client_id, user_id, redirect_uri, scope, code_challenge, nonce,
      to_timestamp(authenticated_at), to_timestamp(issued_at), to_timestamp(expires_at)
    from unnest(?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::float8[],
      ?::float8[], ?::float8[])
      as code (code_hash, grant_id, client_id, user_id, redirect_uri, scope, code_challenge, nonce, authenticated_at,
        issued_at, expires_at)`,
};

// Locked in one order before the update, so that two replicas cannot deadlock over the same codes. 'found' is read from the
// statement's own snapshot: a code that it shows as unspent but that was not claimed here has just been claimed elsewhere.
// So is the consent, which may be deleted while this waits for a code; who deletes it looks for the codes after that.
// Each code is looked up by its key and nothing else (offset 0 keeps it so): by a join, or by the index of what has not expired,
// a table that was small when the plan was made is read whole.
const CLAIM = {
  name: 'codes_claim',
  sql: `
    with input as (
      select decode(hash, 'hex') as code_hash, client_id from unnest(?::text[], ?::text[]) as input (hash, client_id)
    ), locked as (
      select code.code_hash, code.expires_at
      from (select distinct code_hash, client_id from input order by code_hash) as input
      cross join lateral (
        select code_hash, expires_at from authorization_codes
        where code_hash = input.code_hash and client_id = input.client_id for update
      ) as code
    ), claimed as (
      update authorization_codes set consumed_at = ?::timestamptz
      where code_hash = any(array(select code_hash from locked where expires_at > ?::timestamptz)) and consumed_at is null
      returning code_hash
    )
    select encode(codes.code_hash, 'hex') as hash, codes.grant_id, codes.client_id, codes.user_id, codes.redirect_uri,
      codes.scope, codes.code_challenge, codes.nonce, codes.authenticated_at, codes.issued_at, codes.expires_at,
      codes.consumed_at, codes.expires_at > ?::timestamptz as unexpired,
      codes.code_hash in (select code_hash from claimed) as is_claimed,
      users.disabled_at is not null or coalesce(users.password_changed_at > codes.authenticated_at, false) as user_barred,
      coalesce(string_to_array(codes.scope, ' ') <@ string_to_array(consents.scope, ' '), false) as consented
    from input
    cross join lateral (
      select * from authorization_codes where code_hash = input.code_hash and client_id = input.client_id offset 0
    ) as codes
    left join lateral (
      select disabled_at, password_changed_at from users where id = codes.user_id offset 0
    ) as users on true
    left join lateral (
      select scope from consents where user_id = codes.user_id and client_id = codes.client_id offset 0
    ) as consents on true`,
};

// Those that have expired are worthless already; the index by expiry leaves few rows to look at. Locked in the order of CLAIM.
const SPEND_ALL = {
  name: 'codes_spend_all',
  sql: `
    with recent as (
      select code_hash, grant_id, consumed_at from authorization_codes
      where expires_at > ?::timestamptz and user_id = ?::uuid and client_id = ?
      order by code_hash for update
    ), spent as (
      update authorization_codes codes set consumed_at = ?::timestamptz
      from recent where codes.code_hash = recent.code_hash and recent.consumed_at is null
    )
    select grant_id from recent where consumed_at is not null`,
};

const DELETE_EXPIRED = {
  name: 'codes_delete_expired',
  sql: `
    delete from authorization_codes where code_hash in (
      select code_hash from authorization_codes where expires_at < ?::timestamptz limit ? for update skip locked
    ) returning 1`,
};

interface Row {
  hash: string;
  grant_id: string;
  client_id: string;
  user_id: string;
  redirect_uri: string;
  scope: string;
  code_challenge: string | null;
  nonce: string | null;
  authenticated_at: Date;
  issued_at: Date;
  expires_at: Date;
  consumed_at: Date | null;
  unexpired: boolean;
  is_claimed: boolean;
  user_barred: boolean;
  consented: boolean;
}

/** All SQL on authorization_codes. */
export class CodeStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async insert(codes: readonly StoredCode[]): Promise<readonly undefined[]> {
    await this.#queries.query(INSERT, [
      codes.map((code) => code.codeHash.toString('hex')),
      codes.map((code) => code.grantId),
      codes.map((code) => code.clientId),
      codes.map((code) => code.userId),
      codes.map((code) => code.redirectUri),
      codes.map((code) => formatScope(code.scope)),
      codes.map((code) => code.codeChallenge),
      codes.map((code) => code.nonce),
      codes.map((code) => code.authenticatedAt.getTime() / 1000),
      codes.map((code) => code.issuedAt.getTime() / 1000),
      codes.map((code) => code.expiresAt.getTime() / 1000),
    ]);
    return codes.map(() => undefined);
  }

  /**
   * Claims codes, each for the client that it was issued to. A code is claimed once, whoever asks and however often;
   * the same code twice in one call is claimed by the first.
   */
  async claim(claims: readonly Claim[], now: Date): Promise<readonly ClaimResult[]> {
    const rows = await this.#queries.query<Row>(CLAIM, [
      claims.map((claim) => claim.codeHash.toString('hex')),
      claims.map((claim) => claim.clientId),
      now,
      now,
      now,
    ]);
    const byKey = new Map(rows.map((row) => [`${row.hash} ${row.client_id}`, row]));
    const answered = new Set<string>();
    return claims.map(({ codeHash, clientId }) => {
      const key = `${codeHash.toString('hex')} ${clientId}`;
      const again = answered.has(key);
      answered.add(key);
      return resultOf(byKey.get(key), again);
    });
  }

  /**
   * Spends the codes of a user for a client, so that none can be claimed. Of those that expire after `since`, resolves to the
   * grants of the ones that were claimed before.
   */
  async spendAll(userId: string, clientId: string, now: Date, since: Date): Promise<readonly string[]> {
    const rows = await this.#queries.query<{ grant_id: string }>(SPEND_ALL, [since, userId, clientId, now]);
    return rows.map((row) => row.grant_id);
  }

  /** Resolves to how many were deleted, at most `limit`. */
  async deleteExpired(before: Date, limit: number): Promise<number> {
    return (await this.#queries.query(DELETE_EXPIRED, [before, limit])).length;
  }
}

function resultOf(row: Row | undefined, again: boolean): ClaimResult {
  if (!row) return { kind: 'unknown' };
  if (row.is_claimed && !again) {
    return { kind: 'claimed', code: codeOf(row), userBarred: row.user_barred, consented: row.consented };
  }
  const spent = row.is_claimed || row.consumed_at !== null || row.unexpired;
  return spent ? { kind: 'spent', grantId: row.grant_id, userId: row.user_id } : { kind: 'unknown' };
}

function codeOf(row: Row): StoredCode {
  return {
    codeHash: Buffer.from(row.hash, 'hex') as unknown as CodeHash,
    grantId: row.grant_id,
    clientId: row.client_id,
    userId: row.user_id,
    redirectUri: row.redirect_uri,
    scope: parseScope(row.scope),
    codeChallenge: row.code_challenge,
    nonce: row.nonce,
    authenticatedAt: row.authenticated_at,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
  };
}
