import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { PublicJwk } from './messages.ts';

/** A signing key as it is stored: the private half only inside a JWE. */
export interface StoredKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: PublicJwk;
  readonly privateJwe: string;
  readonly createdAt: Date;
  readonly activatesAt: Date;
  readonly expiresAt: Date | null;
}

const SELECT_PUBLISHED = {
  name: 'keys_select_published',
  sql: `
    select kid, algorithm, public_jwk, private_jwe, created_at, activates_at, expires_at
    from signing_keys where expires_at is null or expires_at > ?::timestamptz
    order by created_at, kid`,
};

const INSERT = {
  name: 'keys_insert',
  sql: `
    insert into signing_keys (kid, algorithm, public_jwk, private_jwe, created_at, activates_at)
    values (?, ?, ?::jsonb, ?, ?::timestamptz, ?::timestamptz)`,
};

const RETIRE = {
  name: 'keys_retire',
  sql: `
    update signing_keys set expires_at = ?::timestamptz
    where algorithm = ? and kid <> ? and expires_at is null`,
};

interface Row {
  kid: string;
  algorithm: SigningAlgorithm;
  public_jwk: PublicJwk;
  private_jwe: string;
  created_at: Date;
  activates_at: Date;
  expires_at: Date | null;
}

/** All SQL on signing_keys. */
export class KeyStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The keys that are not past their expiry, the oldest first. */
  async published(now: Date): Promise<readonly StoredKey[]> {
    return select(this.#queries, now);
  }

  /**
   * Lets `choose` look at the published keys and name new ones while no other replica can; stores those and gives the
   * keys of the same algorithm that they replace an expiry.
   */
  async add(
    now: Date,
    choose: (published: readonly StoredKey[]) => Promise<readonly StoredKey[]>,
    replacedExpireAt: Date,
  ): Promise<void> {
    await this.#queries.exclusively(LOCKS.signingKeys, 'wait', async (queries) => {
      for (const key of await choose(await select(queries, now))) {
        await queries.query(INSERT, [
          key.kid,
          key.algorithm,
          JSON.stringify(key.publicJwk),
          key.privateJwe,
          key.createdAt,
          key.activatesAt,
        ]);
        await queries.query(RETIRE, [replacedExpireAt, key.algorithm, key.kid]);
      }
    });
  }
}

async function select(queries: Pick<Queries, 'query'>, now: Date): Promise<readonly StoredKey[]> {
  const rows = await queries.query<Row>(SELECT_PUBLISHED, [now]);
  return rows.map((row) => ({
    kid: row.kid,
    algorithm: row.algorithm,
    publicJwk: row.public_jwk,
    privateJwe: row.private_jwe,
    createdAt: row.created_at,
    activatesAt: row.activates_at,
    expiresAt: row.expires_at,
  }));
}
