import { z } from 'zod';
import type { ClientDetails } from '../../actors/client/messages.ts';
import { GRANT_TYPES, TOKEN_ENDPOINT_AUTH_METHODS, type ClientMetadata } from '../../oauth/client.ts';
import type { ClientPolicy } from '../../oauth/client.ts';
import { clientContradictionsOf } from '../../oauth/client-metadata.ts';
import { SIGNING_ALGORITHMS } from '../../oauth/jwt.ts';
import { UnprocessableContent } from '../../oauth/errors.ts';
import { formatScope } from '../../oauth/scope.ts';
import { clientChanges, clientFields, clientForm } from './client-form.ts';
import { ADMIN_API } from '../metadata.ts';
import { operation } from './operation.ts';
import { listBody, listOf, pageQuery, pageRequest } from './paging.ts';
import { clientId, formatTime, formatTimeOrNull, time } from './values.ts';

const client = z
  .object({
    client_id: clientId,
    client_name: z.string(),
    client_uri: z.string().nullable(),
    redirect_uris: z.array(z.string()),
    grant_types: z.array(z.enum(GRANT_TYPES)),
    scope: z.string(),
    token_endpoint_auth_method: z.enum(TOKEN_ENDPOINT_AUTH_METHODS),
    id_token_signed_response_alg: z.enum(SIGNING_ALGORITHMS),
    first_party: z.boolean(),
    pkce_required: z.boolean(),
    created_at: time,
    updated_at: time,
    disabled_at: time.nullable(),
  })
  .meta({ id: 'Client' });

const registered = z
  .object({
    client,
    client_secret: z.string().nullable().meta({ description: 'Shown only now; null for a public client' }),
  })
  .meta({ id: 'RegisteredClient' });

const params = z.object({ client_id: clientId });
const tag = 'Clients';

export const clientOperations = [
  operation({
    id: 'listClients',
    method: 'get',
    path: '/clients',
    tag,
    summary: 'List clients, the youngest first',
    query: z.object({
      ...pageQuery('client'),
      search: z.string().max(200).optional().meta({
        description: 'Words that the name has, or their beginnings; or a client_id',
      }),
    }),
    success: { status: 200, description: 'A page of the list', schema: listOf(client, 'ClientList') },
    handle: async ({ actors, query }) => {
      const search = query.search?.trim() || null;
      const page = await actors.clients.ask({ type: 'list', search, page: pageRequest(query) });
      return { body: listBody(page, clientBody) };
    },
  }),
  operation({
    id: 'createClient',
    method: 'post',
    path: '/clients',
    tag,
    summary: 'Register a client',
    description:
      'As a registration over the network, except that an admin may grant any scope and decides on consent and PKCE.',
    body: clientForm,
    success: { status: 201, description: 'The client, and its secret', schema: registered },
    refusals: [422],
    handle: async ({ actors, body, caller }) => {
      const asked = clientFields(body) as ClientMetadata & ClientPolicy;
      const problems = clientContradictionsOf(asked);
      if (problems.length > 0) throw new UnprocessableContent(problems);
      const { firstParty, pkceRequired, ...metadata } = asked;
      const policy = { firstParty, pkceRequired };
      const made = await actors.clients.ask({ type: 'register', metadata, policy, caller });
      const { clientId } = made.client;
      const details = { ...made.client, updatedAt: made.client.createdAt, version: 1 };
      return {
        body: { client: clientBody(details), client_secret: made.clientSecret?.reveal() ?? null },
        version: details.version,
        location: `${ADMIN_API}/clients/${clientId}`,
      };
    },
  }),
  operation({
    id: 'readClient',
    method: 'get',
    path: '/clients/:client_id',
    tag,
    summary: 'Read a client',
    params,
    success: { status: 200, description: 'The client; its version is the ETag', schema: client },
    refusals: [404],
    handle: async ({ actors, params: { client_id } }) =>
      answer(await actors.clients.ask({ type: 'read', clientId: client_id })),
  }),
  operation({
    id: 'updateClient',
    method: 'patch',
    path: '/clients/:client_id',
    tag,
    summary: 'Change a client',
    description: 'What is left out stays as it is. Tokens that were issued keep the scope they have.',
    params,
    body: clientChanges,
    conditional: 'required',
    success: { status: 200, description: 'The client as it is now', schema: client },
    refusals: [404, 412, 422, 428],
    handle: async ({ actors, params: { client_id }, body, ifMatch, caller }) =>
      answer(
        await actors.clients.ask({
          type: 'update',
          clientId: client_id,
          versions: ifMatch,
          changes: clientFields(body),
          caller,
        }),
      ),
  }),
  operation({
    id: 'deleteClient',
    method: 'delete',
    path: '/clients/:client_id',
    tag,
    summary: 'Delete a client',
    description: 'Its secrets, tokens and grants, and what people allowed it, go along. It cannot be undone.',
    params,
    conditional: 'possible',
    success: { status: 204, description: 'It is gone' },
    refusals: [404],
    handle: async ({ actors, params: { client_id }, ifMatch, caller }) => {
      await actors.clients.ask({ type: 'delete', clientId: client_id, versions: ifMatch, caller });
      return { body: undefined };
    },
  }),
  operation({
    id: 'disableClient',
    method: 'post',
    path: '/clients/:client_id/disable',
    tag,
    summary: 'Disable a client and revoke its tokens',
    params,
    success: { status: 200, description: 'The client as it is now', schema: client },
    refusals: [404],
    handle: async ({ actors, params: { client_id }, caller }) =>
      answer(await actors.clients.ask({ type: 'disable', clientId: client_id, caller })),
  }),
  operation({
    id: 'enableClient',
    method: 'post',
    path: '/clients/:client_id/enable',
    tag,
    summary: 'Enable a client again; what was revoked stays revoked',
    params,
    success: { status: 200, description: 'The client as it is now', schema: client },
    refusals: [404],
    handle: async ({ actors, params: { client_id }, caller }) =>
      answer(await actors.clients.ask({ type: 'enable', clientId: client_id, caller })),
  }),
  operation({
    id: 'revokeClientTokens',
    method: 'post',
    path: '/clients/:client_id/revoke',
    tag,
    summary: 'Revoke all tokens and grants that a client has',
    params,
    success: { status: 204, description: 'They are revoked' },
    refusals: [404],
    handle: async ({ actors, params: { client_id }, caller }) => {
      const { clientId } = await actors.clients.ask({ type: 'read', clientId: client_id });
      await actors.tokens.ask({ type: 'revokeAllOfClient', clientId, caller });
      return { body: undefined };
    },
  }),
];

function answer(details: ClientDetails) {
  return { body: clientBody(details), version: details.version };
}

function clientBody(details: ClientDetails): z.input<typeof client> {
  return {
    client_id: details.clientId,
    client_name: details.clientName,
    client_uri: details.clientUri,
    redirect_uris: [...details.redirectUris],
    grant_types: [...details.grantTypes],
    scope: formatScope(details.scope),
    token_endpoint_auth_method: details.tokenEndpointAuthMethod,
    id_token_signed_response_alg: details.idTokenSignedResponseAlg,
    first_party: details.firstParty,
    pkce_required: details.pkceRequired,
    created_at: formatTime(details.createdAt),
    updated_at: formatTime(details.updatedAt),
    disabled_at: formatTimeOrNull(details.disabledAt),
  };
}
