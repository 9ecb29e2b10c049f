import { z } from 'zod';
import type { KeySummary } from '../../actors/keys/messages.ts';
import { SIGNING_ALGORITHMS } from '../../oauth/jwt.ts';
import { operation } from './operation.ts';
import { formatTime, formatTimeOrNull, time } from './values.ts';

const key = z
  .object({
    kid: z.string(),
    algorithm: z.enum(SIGNING_ALGORITHMS),
    state: z.enum(['next', 'current', 'retired']),
    created_at: time,
    activates_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: 'Key', description: 'A published signing key' });

const keys = z.object({ items: z.array(key) }).meta({ id: 'KeyList' });

export const keyOperations = [
  operation({
    id: 'listKeys',
    method: 'get',
    path: '/keys',
    tag: 'Keys',
    summary: 'List the published signing keys',
    success: { status: 200, description: 'The keys, the oldest first', schema: keys },
    handle: async ({ actors }) => ({ body: keyList(await actors.keys.ask({ type: 'list' })) }),
  }),
  operation({
    id: 'rotateKeys',
    method: 'post',
    path: '/keys/rotate',
    tag: 'Keys',
    summary: 'Publish new signing keys',
    description:
      'They sign ten minutes later, once every verifier had time to fetch them. The keys that they replace stay published until the last token that they signed has expired.',
    success: { status: 200, description: 'The keys with the new ones', schema: keys },
    handle: async ({ actors, caller }) => ({
      body: keyList(await actors.keys.ask({ type: 'rotate', caller })),
    }),
  }),
];

function keyList(summaries: readonly KeySummary[]): z.input<typeof keys> {
  return {
    items: summaries.map(({ kid, algorithm, state, createdAt, activatesAt, expiresAt }) => ({
      kid,
      algorithm,
      state,
      created_at: formatTime(createdAt),
      activates_at: formatTime(activatesAt),
      expires_at: formatTimeOrNull(expiresAt),
    })),
  };
}
