import type { Queries } from '../../database/database.ts';
import { sampledCount } from '../../database/sampling.ts';
import { WORD_QUERY, wordsOf } from '../../database/word-search.ts';
import type { Client } from '../../oauth/client.ts';
import { pageBindings, pageOf, type Page, type PageRequest } from '../paging.ts';
import type { ClientDetails } from './messages.ts';
import { changeableBindings, CLIENT_CHANGES, clientOf, COLUMNS, type ClientRow } from './store.ts';

const DETAILS = `${COLUMNS}, updated_at, version`;

const READ = {
  name: 'clients_read',
  sql: `select ${DETAILS} from clients where client_id = ?`,
};

const LIST = {
  name: 'clients_list',
  sql: `
    select ${DETAILS} from clients
    where (created_at, client_id) < (?::timestamptz, ?)
    order by created_at desc, client_id desc limit ?`,
};

// Found first and ordered then, or the planner might walk all clients by age in the hope to meet some that match.
const SEARCH = {
  name: 'clients_search',
  sql: `
    with found as materialized (
      select ${DETAILS} from clients where ${wordsOf('client_name')} @@ ${WORD_QUERY} or client_id = ?
    )
    select * from found where (created_at, client_id) < (?::timestamptz, ?)
    order by created_at desc, client_id desc limit ?`,
};

const UPDATE = {
  name: 'clients_update',
  sql: `
    with changed as (
      update clients set
        client_name = ?, client_uri = ?, redirect_uris = ?::text[], grant_types = ?::text[], scope = ?,
        token_endpoint_auth_method = ?, id_token_signed_response_alg = ?, first_party = ?, pkce_required = ?,
        updated_at = ?::timestamptz, version = version + 1
      where client_id = ? and version = ?
      returning ${DETAILS}
    )
    select changed.*, pg_notify('${CLIENT_CHANGES}', client_id) from changed`,
};

// The client is locked before its secrets, as by who adds one, and these in the order in which their last use is stamped, or two
// of these could deadlock.
const DELETE = {
  name: 'clients_delete',
  sql: `
    with client as (
      select client_id from clients where client_id = ? for update
    ), secrets as (
      select id from client_secrets where client_id = (select client_id from client) order by id for update
    ), deleted as (
      delete from clients where client_id = ? and (select count(*) from secrets) >= 0 returning client_id
    )
    select pg_notify('${CLIENT_CHANGES}', client_id) from deleted`,
};

const NAMES = {
  name: 'clients_names',
  sql: `
    select client_name from unnest(?::text[]) with ordinality as input (id, position)
    left join clients on clients.client_id = input.id order by position`,
};

const COUNT = {
  name: 'clients_count',
  sql: 'select count(*)::int as count from clients tablesample system (?::float8)',
};

const SET_DISABLED = {
  name: 'clients_set_disabled',
  sql: `
    with changed as (
      update clients set disabled_at = ?::timestamptz, updated_at = ?::timestamptz, version = version + 1
      where client_id = ? returning ${DETAILS}
    )
    select changed.*, pg_notify('${CLIENT_CHANGES}', client_id) from changed`,
};

interface DetailsRow extends ClientRow {
  updated_at: Date;
  version: number;
}

/** The SQL on clients as admins see and change them. */
export class ClientDetailsStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** In the order of the ids; null where there is no such client. */
  async listNames(clientIds: readonly string[]): Promise<readonly (string | null)[]> {
    const rows = await this.#queries.query<{ client_name: string | null }>(NAMES, [clientIds]);
    return rows.map((row) => row.client_name);
  }

  /** How many there are; an estimate where there are many. */
  count(): Promise<number> {
    return sampledCount(this.#queries, 'clients', COUNT);
  }

  /** As it is in the database now. */
  async read(clientId: string): Promise<ClientDetails | undefined> {
    const [row] = await this.#queries.query<DetailsRow>(READ, [clientId]);
    return row && detailsOf(row);
  }

  /** The youngest first. `search`: words that the name has, or their beginnings, or a client id; null: all. */
  async list(search: string | null, page: PageRequest): Promise<Page<ClientDetails>> {
    const bindings = pageBindings(page, '');
    const rows = await (search === null
      ? this.#queries.query<DetailsRow>(LIST, bindings)
      : this.#queries.query<DetailsRow>(SEARCH, [search, search, ...bindings]));
    return pageOf(rows, page, detailsOf, ({ createdAt, clientId }) => ({ at: createdAt, id: clientId }));
  }

  /** Writes all of the client, unless it has another version by now; resolves to how it is then. */
  async update(client: Client, version: number, now: Date): Promise<ClientDetails | undefined> {
    const [row] = await this.#queries.query<DetailsRow>(UPDATE, [
      ...changeableBindings(client),
      now,
      client.clientId,
      version,
    ]);
    return row && detailsOf(row);
  }

  /** Deletes a client with its secrets; resolves to whether there was one. */
  async delete(clientId: string): Promise<boolean> {
    return (await this.#queries.query(DELETE, [clientId, clientId])).length > 0;
  }

  /** Resolves to the client as it is then, if there is one. */
  async setDisabled(
    clientId: string,
    disabledAt: Date | null,
    now: Date,
  ): Promise<ClientDetails | undefined> {
    const [row] = await this.#queries.query<DetailsRow>(SET_DISABLED, [disabledAt, now, clientId]);
    return row && detailsOf(row);
  }
}

function detailsOf(row: DetailsRow): ClientDetails {
  return { ...clientOf(row), updatedAt: row.updated_at, version: row.version };
}
