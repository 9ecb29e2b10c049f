import type { Migration } from '../src/database/migration.ts';

/** Signing keys, the private half encrypted (JWE): owned by Keys. */
export const createSigningKeys: Migration = {
  name: '0005_create_signing_keys',
  kind: 'expand',
  steps: [
    `
    create table signing_keys (
      kid text primary key,
      algorithm text not null,
      public_jwk jsonb not null,
      private_jwe text not null,
      created_at timestamptz not null,
      -- Published from created_at on; signs from activates_at until a younger key does; published until expires_at.
      activates_at timestamptz not null,
      expires_at timestamptz
    )
  `,
  ],
};
