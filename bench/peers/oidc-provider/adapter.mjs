// What node-oidc-provider keeps, in PostgreSQL: its adapter contract, one statement for each call.
import pg from 'pg';

const CONNECTIONS = 10; // as many as Stagedoor opens

/** Kinds that hang on a grant, and are revoked with it. */
const GRANTABLE = ['AccessToken', 'AuthorizationCode', 'RefreshToken'];
const KINDS = [...GRANTABLE, 'ClientCredentials', 'Grant', 'Session', 'Interaction'];

/**
 * Opens the database and makes a table for each kind.
 * @param {string} connectionString
 * @returns {Promise<{ adapter: (kind: string) => Adapter, pool: pg.Pool }>}
 */
export async function openTables(connectionString) {
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS });
  pool.on('error', () => undefined); // the database may be stopped before us
  for (const kind of KINDS) await pool.query(tableOf(kind));
  return { adapter: (kind) => new Adapter(pool, kind), pool };
}

/** Few indexes, so that a row costs little: by grant where grants are revoked, by uid where that is looked up. */
function tableOf(kind) {
  const table = tableName(kind);
  const index = (column) => `create index if not exists ${table}_${column} on ${table} (${column});`;
  return `
    create table if not exists ${table} (
      id text primary key,
      payload jsonb not null,
      grant_id text,
      uid text,
      expires_at timestamptz,
      consumed_at timestamptz
    );
    ${GRANTABLE.includes(kind) ? index('grant_id') : ''}
    ${kind === 'Session' ? index('uid') : ''}`;
}

function tableName(kind) {
  return `oidc_${kind.replaceAll(/(?<!^)([A-Z])/g, '_$1').toLowerCase()}`;
}

/** Its statements have names, so that PostgreSQL parses each once a connection. */
class Adapter {
  #pool;
  #kind;
  #table;

  constructor(pool, kind) {
    this.#pool = pool;
    this.#kind = kind;
    this.#table = KINDS.includes(kind) ? tableName(kind) : undefined;
  }

  async upsert(id, payload, expiresIn) {
    await this.#query(
      'upsert',
      (table) => `
        insert into ${table} (id, payload, grant_id, uid, expires_at)
        values ($1, $2, $3, $4, now() + make_interval(secs => $5))
        on conflict (id) do update
        set payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`,
      [id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, expiresIn ?? null],
    );
  }

  find(id) {
    return this.#findBy('id', id);
  }

  findByUid(uid) {
    return this.#findBy('uid', uid);
  }

  /** Only of devices’ codes, which this server does not give. */
  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    await this.#query('consume', (table) => `update ${table} set consumed_at = now() where id = $1`, [id]);
  }

  async destroy(id) {
    await this.#query('destroy', (table) => `delete from ${table} where id = $1`, [id]);
  }

  async revokeByGrantId(grantId) {
    await this.#query('revoke', (table) => `delete from ${table} where grant_id = $1`, [grantId]);
  }

  async #findBy(column, value) {
    const rows = await this.#query(
      `find_by_${column}`,
      (table) => `
        select payload, extract(epoch from consumed_at)::int8 as consumed from ${table}
        where ${column} = $1 and (expires_at is null or expires_at > now())`,
      [value],
    );
    if (rows.length === 0) return undefined;
    const [{ payload, consumed }] = rows;
    return consumed === null ? payload : { ...payload, consumed: Number(consumed) };
  }

  async #query(verb, statement, values) {
    if (this.#table === undefined) throw new Error(`${this.#kind} is kept in no table`);
    const name = `${verb}_${this.#table}`;
    const { rows } = await this.#pool.query({ name, text: statement(this.#table), values });
    return rows;
  }
}
