import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { PublicJwk } from './messages.ts';
import type { Redated } from './plan.ts';

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
    insert into signing_keys (kid, algorithm, public_jwk, private_jwe, created_at, activates_at, expires_at)
    values (?, ?, ?::jsonb, ?, ?::timestamptz, ?::timestamptz, ?::timestamptz)`,
};

const REDATE = {
  name: 'keys_redate',
  sql: `update signing_keys set activates_at = ?::timestamptz, expires_at = ?::timestamptz where kid = ?`,
};

const REMOVE = { name: 'keys_remove', sql: 'delete from signing_keys where kid = ?' };

const SWEEP = { name: 'keys_sweep', sql: 'delete from signing_keys where expires_at < ?::timestamptz' };

/** Other replicas are told on this channel that the keys are others now. */
export const KEY_CHANGES = 'stagedoor_key_changes';

const ANNOUNCE = { name: 'keys_announce', sql: `select pg_notify('${KEY_CHANGES}', '')` };

/** What becomes of the keys in one step. */
export interface KeyChange {
  readonly add: readonly StoredKey[];
  readonly redate: readonly Redated[];
  readonly remove: readonly string[];
}

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
   * Lets `decide` look at the published keys while no other replica can change them, and does what it says, all of it or nothing.
   * `skip`: undefined at once if another replica is deciding.
   */
  async change(
    now: Date,
    mode: 'wait' | 'skip',
    decide: (published: readonly StoredKey[]) => Promise<KeyChange>,
  ): Promise<KeyChange | undefined> {
    return this.#queries.exclusively(LOCKS.signingKeys, mode, async (queries) => {
      const change = await decide(await select(queries, now));
      const { add, redate, remove } = change;
      for (const kid of remove) await queries.query(REMOVE, [kid]);
      for (const key of redate) await queries.query(REDATE, [key.activatesAt, key.expiresAt, key.kid]);
      for (const key of add) await queries.query(INSERT, insertBindings(key));
      if (add.length + redate.length + remove.length > 0) await queries.query(ANNOUNCE);
      return change;
    });
  }

  /** Deletes the keys that left the JWKS before `until`. */
  async sweep(until: Date): Promise<void> {
    await this.#queries.query(SWEEP, [until]);
  }
}

function insertBindings(key: StoredKey): readonly unknown[] {
  const { kid, algorithm, publicJwk, privateJwe, createdAt, activatesAt, expiresAt } = key;
  return [kid, algorithm, JSON.stringify(publicJwk), privateJwe, createdAt, activatesAt, expiresAt];
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
