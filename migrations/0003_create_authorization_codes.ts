import type { Migration } from '../src/database/migration.ts';

/** Authorization codes, by the hash of the code: owned by the AuthActor. */
export const createAuthorizationCodes: Migration = {
  name: '0003_create_authorization_codes',
  kind: 'expand',
  steps: [
    `
    create table authorization_codes (
      code_hash bytea primary key,
      grant_id uuid not null,
      client_id text not null,
      user_id uuid not null,
      redirect_uri text not null,
      scope text not null,
      code_challenge text,
      nonce text,
      authenticated_at timestamptz not null,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      consumed_at timestamptz
    )
  `,
    `create index authorization_codes_by_expiry on authorization_codes (expires_at)`,
  ],
};
