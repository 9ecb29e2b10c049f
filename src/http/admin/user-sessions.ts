import { z } from 'zod';
import type { SessionSummary } from '../../actors/auth/messages.ts';
import { NotFound } from '../../oauth/errors.ts';
import { operation } from './operation.ts';
import { formatTime, time, uuid } from './values.ts';

const session = z
  .object({
    session_id: uuid,
    authenticated_at: time,
    last_seen_at: time,
    expires_at: time,
    remote_address: z.string().nullable(),
    user_agent: z.string().nullable(),
  })
  .meta({ id: 'Session', description: 'A login that is live' });

const params = z.object({ user_id: uuid });
const tag = 'Users';

export const userSessionOperations = [
  operation({
    id: 'listUserSessions',
    method: 'get',
    path: '/users/:user_id/sessions',
    tag,
    summary: 'List the live sessions of a user',
    params,
    success: {
      status: 200,
      description: 'The sessions, the youngest first; at most a hundred',
      schema: z.object({ items: z.array(session) }).meta({ id: 'SessionList' }),
    },
    refusals: [404],
    handle: async ({ actors, params: { user_id } }) => {
      const { userId } = await actors.auth.ask({ type: 'readUser', userId: user_id });
      const sessions = await actors.auth.ask({ type: 'listSessions', userId });
      return { body: { items: sessions.map(sessionBody) } };
    },
  }),
  operation({
    id: 'endUserSessions',
    method: 'delete',
    path: '/users/:user_id/sessions',
    tag,
    summary: 'Sign a user out everywhere',
    params,
    success: { status: 204, description: 'The sessions have ended' },
    refusals: [404],
    handle: async ({ actors, params: { user_id }, caller }) => {
      const { userId } = await actors.auth.ask({ type: 'readUser', userId: user_id });
      await actors.auth.ask({ type: 'endSessions', userId, exceptSessionId: null, caller });
      return { body: undefined };
    },
  }),
  operation({
    id: 'endUserSession',
    method: 'delete',
    path: '/users/:user_id/sessions/:session_id',
    tag,
    summary: 'End one session of a user',
    params: params.extend({ session_id: uuid }),
    success: { status: 204, description: 'The session has ended' },
    refusals: [404],
    handle: async ({ actors, params: { user_id, session_id }, caller }) => {
      const ended = await actors.auth.ask({
        type: 'endSession',
        userId: user_id,
        sessionId: session_id,
        caller,
      });
      if (!ended) throw new NotFound('The user has no such session');
      return { body: undefined };
    },
  }),
];

function sessionBody(summary: SessionSummary): z.input<typeof session> {
  return {
    session_id: summary.sessionId,
    authenticated_at: formatTime(summary.authenticatedAt),
    last_seen_at: formatTime(summary.lastSeenAt),
    expires_at: formatTime(summary.expiresAt),
    remote_address: summary.remoteAddress,
    user_agent: summary.userAgent,
  };
}
