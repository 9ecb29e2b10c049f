import { z } from 'zod';
import type { AccessTokenSummary, GrantSummary } from '../../actors/token/messages.ts';
import { InvalidRequest } from '../../oauth/errors.ts';
import { names, namesFor, type Names } from './names.ts';
import { operation } from './operation.ts';
import { listBody, listOf, pageQuery, pageRequest } from './paging.ts';
import { clientId, formatTime, time, uuid } from './values.ts';

const status = z
  .enum(['active', 'revoked'])
  .meta({ description: 'Revoked by itself or with what it belongs to' });

const accessToken = z
  .object({
    token_id: uuid.meta({ description: 'The jti of the token' }),
    client_id: clientId,
    ...names,
    user_id: uuid.nullable().meta({ description: 'Null: the client got it for itself' }),
    grant_id: uuid.nullable(),
    scope: z.string(),
    issued_at: time,
    expires_at: time,
    status,
  })
  .meta({ id: 'AccessToken', description: 'An access token that has not expired; never the token itself' });

const grant = z
  .object({
    grant_id: uuid,
    client_id: clientId,
    ...names,
    user_id: uuid,
    scope: z.string(),
    created_at: time,
    last_used_at: time.meta({ description: 'When it opened, or its refresh token was last used' }),
    expires_at: time,
    refreshable: z.boolean().meta({ description: 'Whether it has a refresh token' }),
    status,
  })
  .meta({ id: 'Grant', description: 'What a person allowed a client, with its tokens; it has not expired' });

const owners = { client_id: clientId.optional(), user_id: uuid.optional() };

export const tokenOperations = [
  operation({
    id: 'listTokens',
    method: 'get',
    path: '/tokens',
    tag: 'Tokens and grants',
    summary: 'List the access tokens of a client, a user or a grant, the youngest first',
    description: 'Exactly one of client_id, user_id and grant_id must be given.',
    query: z.object({ ...pageQuery('uuid'), ...owners, grant_id: uuid.optional() }),
    success: {
      status: 200,
      description: 'A page of the list',
      schema: listOf(accessToken, 'AccessTokenList'),
    },
    handle: async ({ actors, query }) => {
      const page = pageRequest(query);
      const owner = ownerOf(query);
      const found = await actors.tokens.ask({ type: 'listAccessTokens', owner, page });
      const named = await namesFor(actors, found.items);
      return { body: listBody(found, (token) => tokenBody(token, named(token))) };
    },
  }),
  operation({
    id: 'revokeToken',
    method: 'post',
    path: '/tokens/:token_id/revoke',
    tag: 'Tokens and grants',
    summary: 'Revoke one access token',
    params: z.object({ token_id: uuid }),
    success: { status: 204, description: 'It is revoked' },
    refusals: [404],
    handle: async ({ actors, params: { token_id }, caller }) => {
      await actors.tokens.ask({ type: 'revokeAccessToken', tokenId: token_id, caller });
      return { body: undefined };
    },
  }),
  operation({
    id: 'listGrants',
    method: 'get',
    path: '/grants',
    tag: 'Tokens and grants',
    summary: 'List grants, the youngest first: all, or those of a client or a user',
    query: z.object({ ...pageQuery('uuid'), ...owners }),
    success: { status: 200, description: 'A page of the list', schema: listOf(grant, 'GrantList') },
    handle: async ({ actors, query }) => {
      const filter = { clientId: query.client_id ?? null, userId: query.user_id ?? null };
      const found = await actors.tokens.ask({ type: 'listGrants', filter, page: pageRequest(query) });
      const named = await namesFor(actors, found.items);
      return { body: listBody(found, (one) => grantBody(one, named(one))) };
    },
  }),
  operation({
    id: 'revokeGrant',
    method: 'post',
    path: '/grants/:grant_id/revoke',
    tag: 'Tokens and grants',
    summary: 'Revoke a grant with its refresh token and its access tokens',
    params: z.object({ grant_id: uuid }),
    success: { status: 204, description: 'It is revoked' },
    refusals: [404],
    handle: async ({ actors, params: { grant_id }, caller }) => {
      await actors.tokens.ask({ type: 'revokeGrantById', grantId: grant_id, caller });
      return { body: undefined };
    },
  }),
];

function ownerOf(query: {
  client_id?: string | undefined;
  user_id?: string | undefined;
  grant_id?: string | undefined;
}) {
  const { client_id, user_id, grant_id } = query;
  const named = [client_id, user_id, grant_id].filter((id) => id !== undefined);
  if (named.length === 1) {
    if (client_id !== undefined) return { clientId: client_id };
    if (user_id !== undefined) return { userId: user_id };
    if (grant_id !== undefined) return { grantId: grant_id };
  }
  throw new InvalidRequest('Name exactly one of client_id, user_id and grant_id');
}

function tokenBody(token: AccessTokenSummary, involved: Names): z.input<typeof accessToken> {
  return {
    token_id: token.tokenId,
    client_id: token.clientId,
    ...involved,
    user_id: token.userId,
    grant_id: token.grantId,
    scope: token.scope,
    issued_at: formatTime(token.issuedAt),
    expires_at: formatTime(token.expiresAt),
    status: token.revoked ? 'revoked' : 'active',
  };
}

function grantBody(summary: GrantSummary, involved: Names): z.input<typeof grant> {
  return {
    grant_id: summary.grantId,
    client_id: summary.clientId,
    ...involved,
    user_id: summary.userId,
    scope: summary.scope,
    created_at: formatTime(summary.createdAt),
    last_used_at: formatTime(summary.lastUsedAt),
    expires_at: formatTime(summary.expiresAt),
    refreshable: summary.refreshable,
    status: summary.revoked ? 'revoked' : 'active',
  };
}
