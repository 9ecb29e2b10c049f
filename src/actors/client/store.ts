import type { Queries } from '../../database/database.ts';
import type { Client, GrantType, TokenEndpointAuthMethod } from '../../oauth/client.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import { formatScope, parseScope } from '../../oauth/scope.ts';
import type { ClientSecretHash } from '../../oauth/secret.ts';

export interface ClientSecret {
  readonly id: string;
  readonly hash: ClientSecretHash;
  readonly expiresAt: Date | null;
}

/** A client with its secrets: what authentication needs, and what the ClientActor keeps in memory. */
export interface ClientRecord {
  readonly client: Client;
  readonly secrets: readonly ClientSecret[];
}

/** Replicas listen here for the ids of clients that changed. */
export const CLIENT_CHANGES = 'stagedoor_client_changes';

/** What a client is read with. */
export const COLUMNS = `
  clients.client_id, client_name, client_uri, redirect_uris, grant_types, scope, token_endpoint_auth_method,
  id_token_signed_response_alg, first_party, pkce_required, created_at, disabled_at`;

const FIND = {
  name: 'clients_find',
  sql: `
    select ${COLUMNS}, coalesce(
      (select json_agg(json_build_object(
         'id', secret.id, 'hash', encode(secret.secret_hash, 'hex'), 'expires_at', extract(epoch from secret.expires_at)))
       from client_secrets secret where secret.client_id = clients.client_id), '[]') as secrets
    from clients where client_id = any(?::text[])`,
};

const INSERT = {
  name: 'clients_insert',
  sql: `
    with client as (
      insert into clients (client_id, client_name, client_uri, redirect_uris, grant_types, scope,
        token_endpoint_auth_method, id_token_signed_response_alg, first_party, pkce_required, created_at, updated_at)
      select input.*, input.created_at
      from (select ?::text as client_id, ?::text, ?::text, ?::text[], ?::text[], ?::text, ?::text, ?::text, ?::boolean,
        ?::boolean, ?::timestamptz as created_at) as input
      returning client_id, created_at
    )
    insert into client_secrets (id, client_id, secret_hash, created_at)
    select secret.id, client.client_id, decode(secret.hash, 'hex'), client.created_at
    from client, unnest(?::uuid[], ?::text[]) as secret (id, hash)`,
};

/** A row that was read with COLUMNS. */
export interface ClientRow {
  client_id: string;
  client_name: string;
  client_uri: string | null;
  redirect_uris: string[];
  grant_types: GrantType[];
  scope: string;
  token_endpoint_auth_method: TokenEndpointAuthMethod;
  id_token_signed_response_alg: SigningAlgorithm;
  first_party: boolean;
  pkce_required: boolean;
  created_at: Date;
  disabled_at: Date | null;
}

interface RecordRow extends ClientRow {
  secrets: { id: string; hash: string; expires_at: number | null }[];
}

/** The SQL on clients as they register and authenticate; as admins see them it is in ClientDetailsStore. */
export class ClientStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async find(clientIds: readonly string[]): Promise<readonly (ClientRecord | undefined)[]> {
    const rows = await this.#queries.query<RecordRow>(FIND, [[...clientIds]]);
    const byId = new Map(rows.map((row) => [row.client_id, recordOf(row)]));
    return clientIds.map((clientId) => byId.get(clientId));
  }

  async insert({ client, secrets }: ClientRecord): Promise<void> {
    await this.#queries.query(INSERT, [
      client.clientId,
      ...changeableBindings(client),
      client.createdAt,
      secrets.map((secret) => secret.id),
      secrets.map((secret) => secret.hash.toString('hex')),
    ]);
  }
}

function recordOf(row: RecordRow): ClientRecord {
  return {
    client: clientOf(row),
    secrets: row.secrets.map((secret) => ({
      id: secret.id,
      hash: Buffer.from(secret.hash, 'hex') as unknown as ClientSecretHash,
      expiresAt: secret.expires_at === null ? null : new Date(secret.expires_at * 1000),
    })),
  };
}

/** What may change of a client, in the order of the columns of an insert or update. */
export function changeableBindings(client: Client): readonly unknown[] {
  return [
    client.clientName,
    client.clientUri,
    client.redirectUris,
    client.grantTypes,
    formatScope(client.scope),
    client.tokenEndpointAuthMethod,
    client.idTokenSignedResponseAlg,
    client.firstParty,
    client.pkceRequired,
  ];
}

/** The client of a row that was read with COLUMNS. */
export function clientOf(row: ClientRow): Client {
  return {
    clientId: row.client_id,
    clientName: row.client_name,
    clientUri: row.client_uri,
    redirectUris: row.redirect_uris,
    grantTypes: row.grant_types,
    scope: parseScope(row.scope),
    tokenEndpointAuthMethod: row.token_endpoint_auth_method,
    idTokenSignedResponseAlg: row.id_token_signed_response_alg,
    firstParty: row.first_party,
    pkceRequired: row.pkce_required,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}
