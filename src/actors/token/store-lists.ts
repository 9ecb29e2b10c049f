import type { Queries, Statement } from '../../database/database.ts';
import { LAST_UUID, pageBindings, pageOf, type Page, type PageRequest } from '../paging.ts';
import type { AccessTokenSummary, GrantFilter, GrantSummary, TokenOwner } from './messages.ts';
import { isBarred } from './statements.ts';

// A statement for each kind of list, because one plan for all of them could use no index.
const listTokens = (name: string, owner: string): Statement => ({
  name: `access_tokens_list_${name}`,
  sql: `
    with page as (
      select * from access_tokens
      where ${owner} and expires_at > ?::timestamptz and (issued_at, id) < (?::timestamptz, ?::uuid)
      order by issued_at desc, id desc limit ?
    )
    select page.id, page.client_id, page.user_id, page.grant_id, page.scope, page.issued_at, page.expires_at,
      page.revoked_at is not null
        or (page.grant_id is not null and (grants.id is null or grants.revoked_at is not null))
        or ${isBarred('page.client_id', 'page.user_id', 'page.issued_at')} as revoked
    from page left join grants on grants.id = page.grant_id
    order by page.issued_at desc, page.id desc`,
});

const TOKENS_OF_CLIENT = listTokens('of_client', 'client_id = ?');
const TOKENS_OF_USER = listTokens('of_user', 'user_id = ?::uuid');
// By way of the grant's user, for whom there is an index.
const TOKENS_OF_GRANT = listTokens(
  'of_grant',
  'user_id = (select user_id from grants where id = ?::uuid) and grant_id = ?::uuid',
);

// A grant without scope never opened: it stands for a code that was revoked before it was redeemed.
const listGrants = (name: string, filter: string): Statement => ({
  name: `grants_list_${name}`,
  sql: `
    select id, client_id, user_id, scope, created_at, coalesce(rotated_at, created_at) as last_used_at, expires_at,
      refresh_generation is not null as refreshable,
      revoked_at is not null or ${isBarred('client_id', 'user_id', 'created_at')} as revoked
    from grants
    where ${filter} expires_at > ?::timestamptz and scope <> ''
      and (created_at, id) < (?::timestamptz, ?::uuid)
    order by created_at desc, id desc limit ?`,
});

const ALL_GRANTS = listGrants('all', '');
const GRANTS_OF_CLIENT = listGrants('of_client', 'client_id = ? and');
const GRANTS_OF_USER = listGrants('of_user', 'user_id = ?::uuid and');
const GRANTS_OF_BOTH = listGrants('of_both', 'user_id = ?::uuid and client_id = ? and');

interface TokenRow {
  id: string;
  client_id: string;
  user_id: string | null;
  grant_id: string | null;
  scope: string;
  issued_at: Date;
  expires_at: Date;
  revoked: boolean;
}

interface GrantRow {
  id: string;
  client_id: string;
  user_id: string;
  scope: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
  refreshable: boolean;
  revoked: boolean;
}

/** The SQL that lists grants and access tokens for admins. */
export class TokenListStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The access tokens that have not expired, the youngest first. */
  async listAccessTokens(owner: TokenOwner, page: PageRequest, now: Date): Promise<Page<AccessTokenSummary>> {
    const [statement, ...whose] =
      'clientId' in owner
        ? [TOKENS_OF_CLIENT, owner.clientId]
        : 'userId' in owner
          ? [TOKENS_OF_USER, owner.userId]
          : [TOKENS_OF_GRANT, owner.grantId, owner.grantId];
    const bindings = [...whose, now, ...pageBindings(page, LAST_UUID)];
    const rows = await this.#queries.query<TokenRow>(statement, bindings);
    return pageOf(rows, page, tokenOf, ({ issuedAt, tokenId }) => ({ at: issuedAt, id: tokenId }));
  }

  /** The grants that have not expired, the youngest first. */
  async listGrants(
    { clientId, userId }: GrantFilter,
    page: PageRequest,
    now: Date,
  ): Promise<Page<GrantSummary>> {
    const whose = [userId, clientId].filter((id) => id !== null);
    const ofOne = userId === null ? GRANTS_OF_CLIENT : GRANTS_OF_USER;
    const statement = whose.length === 2 ? GRANTS_OF_BOTH : whose.length === 1 ? ofOne : ALL_GRANTS;
    const rows = await this.#queries.query<GrantRow>(statement, [
      ...whose,
      now,
      ...pageBindings(page, LAST_UUID),
    ]);
    return pageOf(rows, page, grantOf, ({ createdAt, grantId }) => ({ at: createdAt, id: grantId }));
  }
}

function tokenOf(row: TokenRow): AccessTokenSummary {
  return {
    tokenId: row.id,
    clientId: row.client_id,
    userId: row.user_id,
    grantId: row.grant_id,
    scope: row.scope,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    revoked: row.revoked,
  };
}

function grantOf(row: GrantRow): GrantSummary {
  return {
    grantId: row.id,
    clientId: row.client_id,
    userId: row.user_id,
    scope: row.scope,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    refreshable: row.refreshable,
    revoked: row.revoked,
  };
}
