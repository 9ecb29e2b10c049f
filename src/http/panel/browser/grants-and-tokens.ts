import { actButton } from './acts.ts';
import { read, send, type Query } from './api.ts';
import type { AccessToken, Grant, List, Names, Standing } from './api-types.ts';
import { h } from './dom.ts';
import { ago, shortId } from './format.ts';
import { clientLink, userLink } from './links.ts';
import { listing, type Listing } from './listing.ts';
import { pill } from './pill.ts';
import type { Column } from './table.ts';
import { words } from './words.ts';

const labels = words.tokens;

/** Whose grants and tokens are shown; what the page is about need not be said in each row. */
export interface Holder {
  readonly client_id?: string;
  readonly user_id?: string;
}

/** What people allowed clients: revoking one ends the tokens that came of it. */
export function grantsList(holder: Holder, signal: AbortSignal): HTMLElement {
  const list: Listing<Grant> = listing({
    caption: words.grants.title,
    columns: grantColumns(holder, (grant, next) => list.replace(grant, next)),
    signal,
    load: (cursor, during) =>
      read<List<Grant>>('/grants', { query: queryFor(holder, cursor), signal: during }),
    empty: () => h('p', {}, words.grants.none),
  });
  return list.element;
}

/** Access tokens, the youngest first. */
export function tokensList(holder: Holder, signal: AbortSignal): HTMLElement {
  const list: Listing<AccessToken> = listing({
    caption: labels.title,
    columns: tokenColumns(holder, (token, next) => list.replace(token, next)),
    signal,
    load: (cursor, during) =>
      read<List<AccessToken>>('/tokens', { query: queryFor(holder, cursor), signal: during }),
    empty: () => h('p', {}, labels.none),
  });
  return list.element;
}

function queryFor(holder: Holder, cursor: string | null): Query {
  return { client_id: holder.client_id, user_id: holder.user_id, cursor };
}

function grantColumns(holder: Holder, replace: (grant: Grant, next: Grant) => void): Column<Grant>[] {
  return [
    ...holderColumns<Grant>(holder),
    { label: labels.scope, cell: ({ scope }) => h('span', { class: 'scope' }, scope) },
    { label: words.grants.lastUsed, cell: (grant) => ago(grant.last_used_at, words.grants.unused) },
    { label: labels.expires, cell: (grant) => ago(grant.expires_at) },
    { label: labels.status, cell: ({ status, expires_at }) => standing(status, expires_at) },
    {
      label: labels.acts,
      kind: 'acts',
      cell: (grant) =>
        isLive(grant.status, grant.expires_at) &&
        actButton(
          {
            ...words.grants.revoke,
            dangerous: true,
            act: () => revoke(`/grants/${encodeURIComponent(grant.grant_id)}/revoke`),
            after: () => replace(grant, { ...grant, status: 'revoked' }),
          },
          'small',
        ),
    },
  ];
}

function tokenColumns(
  holder: Holder,
  replace: (token: AccessToken, next: AccessToken) => void,
): Column<AccessToken>[] {
  return [
    { label: labels.token, kind: 'name', cell: (token) => shortId(token.token_id) },
    ...holderColumns<AccessToken>(holder),
    { label: labels.scope, cell: ({ scope }) => h('span', { class: 'scope' }, scope) },
    { label: labels.issued, cell: (token) => ago(token.issued_at) },
    { label: labels.expires, cell: (token) => ago(token.expires_at) },
    { label: labels.status, cell: ({ status, expires_at }) => standing(status, expires_at) },
    {
      label: labels.acts,
      kind: 'acts',
      cell: (token) =>
        isLive(token.status, token.expires_at) &&
        actButton(
          {
            ...labels.revoke,
            dangerous: true,
            act: () => revoke(`/tokens/${encodeURIComponent(token.token_id)}/revoke`),
            after: () => replace(token, { ...token, status: 'revoked' }),
          },
          'small',
        ),
    },
  ];
}

function holderColumns<Row extends Names & { readonly client_id: string; readonly user_id: string | null }>(
  holder: Holder,
): Column<Row>[] {
  const client: Column<Row> = {
    label: labels.client,
    cell: (row) => clientLink(row.client_id, row.client_name),
  };
  const user: Column<Row> = {
    label: labels.user,
    cell: ({ user_id: userId, username }) =>
      userId === null ? h('span', { class: 'soft' }, labels.machine) : userLink(userId, username),
  };
  return [
    ...(holder.client_id === undefined ? [client] : []),
    ...(holder.user_id === undefined ? [user] : []),
  ];
}

function isLive(status: Standing, expiresAt: string): boolean {
  return status === 'active' && new Date(expiresAt).getTime() > Date.now();
}

function standing(status: Standing, expiresAt: string): HTMLElement {
  if (status === 'revoked') return pill('bad', labels.revoked);
  return isLive(status, expiresAt) ? pill('good', labels.active) : pill('plain', labels.expired);
}

async function revoke(path: string): Promise<void> {
  await send('POST', path, { body: {} });
}
