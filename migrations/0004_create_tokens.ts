import type { Migration } from '../src/database/migration.ts';

/**
 * Grants, each with the state of its one family of refresh tokens, and access tokens: owned by the TokenActor.
 * One row holds all that revocation, rotation and introspection must agree on, so its lock settles every race.
 * access_tokens is partitioned by expiry, so that cleaning up drops tables instead of deleting rows. It has no foreign
 * keys: each would cost a look-up per token issued.
 */
export const createTokens: Migration = {
  name: '0004_create_tokens',
  kind: 'expand',
  steps: [
    `
    create table grants (
      id uuid primary key,
      client_id text not null,
      user_id uuid not null,
      scope text not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      revoked_at timestamptz,
      -- The current refresh token's generation; null where the grant has no refresh token.
      refresh_generation integer,
      rotated_at timestamptz
    )
  `,
    `create index grants_of_user on grants (user_id)`,
    `create index grants_of_client on grants (client_id)`,
    `create index grants_by_expiry on grants (expires_at)`,
    `
    create table access_tokens (
      id uuid not null,
      client_id text not null,
      user_id uuid,
      grant_id uuid,
      scope text not null,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      revoked_at timestamptz,
      primary key (id, expires_at)
    ) partition by range (expires_at)
  `,
    `create index access_tokens_of_client on access_tokens (client_id)`,
    // One row revokes everything of a client or a user at once, however much that is: 'client:…' or 'user:…', and until when
    // what was issued is revoked; infinity while the client or user is disabled.
    `
    create table revocations (
      subject text primary key,
      issued_until timestamptz not null
    )
  `,
  ],
};
