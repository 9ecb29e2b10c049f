import { z } from 'zod';
import type { KeySummary, Rotation } from '../../actors/keys/messages.ts';
import { SIGNING_ALGORITHMS } from '../../oauth/jwt.ts';
import { operation } from './operation.ts';
import { formatTime, formatTimeOrNull, time } from './values.ts';

const kid = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'This is no kid')
  .meta({ example: '3Jx9vT0sYbQm1cWZp4eLhKf7uRdNgOaXiVtB2yE8nUs' });

const key = z
  .object({
    kid,
    algorithm: z.enum(SIGNING_ALGORITHMS),
    state: z.enum(['next', 'current', 'retired']),
    created_at: time,
    activates_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: 'Key', description: 'A published signing key' });

const keys = z.object({ items: z.array(key) }).meta({ id: 'KeyList' });

const rotation = z
  .object({ items: z.array(key), made: z.array(kid).meta({ description: 'The keys that are new' }) })
  .meta({ id: 'KeyRotation' });

const tag = 'Keys';

export const keyOperations = [
  operation({
    id: 'listKeys',
    method: 'get',
    path: '/keys',
    tag,
    summary: 'List the published signing keys',
    success: { status: 200, description: 'The keys, the oldest first', schema: keys },
    handle: async ({ actors }) => ({ body: { items: keyItems(await actors.keys.ask({ type: 'list' })) } }),
  }),
  operation({
    id: 'rotateKeys',
    method: 'post',
    path: '/keys/rotate',
    tag,
    summary: 'Publish new signing keys',
    description:
      'They sign once every verifier had time to fetch them, from `activates_at` on. The keys that they replace stay published until the last token that they signed has expired. No key is made for an algorithm that has one waiting already, so that to ask twice does no more than to ask once.',
    success: { status: 200, description: 'The keys with the new ones', schema: rotation },
    handle: async ({ actors, caller }) => ({
      body: rotationBody(await actors.keys.ask({ type: 'rotate', caller })),
    }),
  }),
  operation({
    id: 'revokeKey',
    method: 'post',
    path: '/keys/:kid/revoke',
    tag,
    summary: 'Take a leaked signing key out of use at once',
    description:
      'Every token that it signed becomes invalid: for this server at once, for a verifier that has kept the key set when its copy has expired. If it signs now, the key that waits, or a new one, signs in its place at once; verifiers that do not fetch the set anew for a key they do not know refuse what that signs until their copy has expired. Refresh tokens and sessions stay valid.',
    params: z.object({ kid }),
    body: z.strictObject({
      invalidate_tokens: z
        .literal(true, 'It must be true: every token that the key signed becomes invalid')
        .meta({ description: 'Says that this is meant' }),
    }),
    success: { status: 200, description: 'The keys that are left, with the new one', schema: rotation },
    refusals: [404],
    handle: async ({ actors, caller, params }) => ({
      body: rotationBody(await actors.keys.ask({ type: 'revoke', kids: [params.kid], caller })),
    }),
  }),
];

function rotationBody({ keys: summaries, made }: Rotation): z.input<typeof rotation> {
  return { items: keyItems(summaries), made: [...made] };
}

function keyItems(summaries: readonly KeySummary[]): z.input<typeof key>[] {
  return summaries.map(({ kid: id, algorithm, state, createdAt, activatesAt, expiresAt }) => ({
    kid: id,
    algorithm,
    state,
    created_at: formatTime(createdAt),
    activates_at: formatTime(activatesAt),
    expires_at: formatTimeOrNull(expiresAt),
  }));
}
