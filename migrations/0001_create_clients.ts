import type { Migration } from '../src/database/migration.ts';

/** Clients and their secrets: owned by the ClientActor. */
export const createClients: Migration = {
  name: '0001_create_clients',
  kind: 'expand',
  steps: [
    `
    create table clients (
      client_id text primary key,
      client_name text not null,
      client_uri text,
      redirect_uris text[] not null,
      grant_types text[] not null,
      scope text not null,
      token_endpoint_auth_method text not null,
      id_token_signed_response_alg text not null,
      first_party boolean not null default false,
      pkce_required boolean not null default true,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      disabled_at timestamptz
    )
  `,
    `create index clients_by_age on clients (created_at, client_id)`,
    `
    create table client_secrets (
      id uuid primary key,
      client_id text not null references clients on delete cascade,
      secret_hash bytea not null,
      created_at timestamptz not null,
      expires_at timestamptz,
      last_used_at timestamptz
    )
  `,
    `create index client_secrets_of_client on client_secrets (client_id)`,
  ],
};
