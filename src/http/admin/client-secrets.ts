import { z } from 'zod';
import type { SecretSummary } from '../../actors/client/messages.ts';
import { operation } from './operation.ts';
import { clientId, date, formatTime, formatTimeOrNull, time, uuid } from './values.ts';

const secret = z
  .object({
    secret_id: uuid,
    created_at: time,
    expires_at: time.nullable().meta({ description: 'When it stops working, or stopped; null: never' }),
    last_used_at: time.nullable().meta({
      description:
        'When it was last used, or up to a minute before; a use of the last half minute may be missing. Null: no use is known',
    }),
    live: z.boolean().meta({ description: 'Whether it works now' }),
  })
  .meta({ id: 'ClientSecret', description: 'What may be known of a secret after it was shown' });

const params = z.object({ client_id: clientId });
const tag = 'Client secrets';

export const clientSecretOperations = [
  operation({
    id: 'listClientSecrets',
    method: 'get',
    path: '/clients/:client_id/secrets',
    tag,
    summary: 'List the secrets of a client',
    params,
    success: {
      status: 200,
      description: 'The secrets, the youngest first; expired ones of late too',
      schema: z.object({ items: z.array(secret) }).meta({ id: 'ClientSecretList' }),
    },
    refusals: [404],
    handle: async ({ actors, params: { client_id }, now }) => {
      const secrets = await actors.clients.ask({ type: 'listSecrets', clientId: client_id });
      return { body: { items: secrets.map((one) => secretBody(one, now())) } };
    },
  }),
  operation({
    id: 'addClientSecret',
    method: 'post',
    path: '/clients/:client_id/secrets',
    tag,
    summary: 'Add a secret beside the others',
    description:
      'Both work until the old one expires, so a rotation needs no downtime: add one, roll it out, expire the other.',
    params,
    body: z
      .strictObject({
        expires_at: date.nullable().default(null).meta({ description: 'Null: it does not expire' }),
        others_expire_at: date
          .nullable()
          .default(null)
          .meta({ description: 'When the other secrets stop working; null: they stay as they are' }),
      })
      .meta({ id: 'NewClientSecret' }),
    success: {
      status: 201,
      description: 'The secret, shown only now',
      schema: z.object({ secret, client_secret: z.string() }).meta({ id: 'AddedClientSecret' }),
    },
    refusals: [404, 409, 422],
    handle: async ({ actors, params: { client_id }, body, caller, now }) => {
      const added = await actors.clients.ask({
        type: 'addSecret',
        clientId: client_id,
        expiresAt: body.expires_at,
        othersExpireAt: body.others_expire_at,
        caller,
      });
      return {
        body: { secret: secretBody(added.secret, now()), client_secret: added.clientSecret.reveal() },
      };
    },
  }),
  operation({
    id: 'expireClientSecret',
    method: 'post',
    path: '/clients/:client_id/secrets/:secret_id/expire',
    tag,
    summary: 'Have a secret stop working',
    description: 'Now, or at a time; never later than it would anyway.',
    params: params.extend({ secret_id: uuid }),
    body: z
      .strictObject({ expires_at: date.nullable().default(null).meta({ description: 'Null: now' }) })
      .meta({ id: 'ClientSecretExpiry' }),
    success: { status: 200, description: 'The secret as it is now', schema: secret },
    refusals: [404, 422],
    handle: async ({ actors, params: { client_id, secret_id }, body, caller, now }) => {
      const changed = await actors.clients.ask({
        type: 'expireSecret',
        clientId: client_id,
        secretId: secret_id,
        expiresAt: body.expires_at,
        caller,
      });
      return { body: secretBody(changed, now()) };
    },
  }),
];

function secretBody(summary: SecretSummary, now: Date): z.input<typeof secret> {
  return {
    secret_id: summary.secretId,
    created_at: formatTime(summary.createdAt),
    expires_at: formatTimeOrNull(summary.expiresAt),
    last_used_at: formatTimeOrNull(summary.lastUsedAt),
    live: summary.expiresAt === null || summary.expiresAt > now,
  };
}
