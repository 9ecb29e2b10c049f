import type { Handlers } from '../runtime/protocol.ts';
import { Stamps } from '../stamps.ts';
import type { AuthMessage, AuthRef, AuthReplies } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';

/** What a person is shown; whoever has more can still end them all. */
const MAX_LISTED = 100;

/** A session that was seen within this time is not stamped again. */
const STAMP_AFTER_MS = 60_000;

/** A session with less than this left before it is idle for too long cannot wait for the timer. */
const STAMP_AT_ONCE_MS = 120_000;

const MAX_USER_AGENT_LENGTH = 300;

type SessionMessage = 'findSession' | 'listSessions' | 'endSession' | 'endSessions' | 'flushLastSeen';

/**
 * The handlers of sessions that have begun. Finding one writes nothing: when it was last seen is noted here, and written
 * down for many sessions at once.
 */
export function createSessionHandlers(
  parts: AuthParts,
  self: AuthRef,
): Pick<Handlers<AuthMessage, AuthReplies>, SessionMessage> {
  const { sessions, sources, policy } = parts;
  const lastSeen = new Stamps({
    write: (seen) => sessions.stampLastSeen(seen),
    onMany: () => {
      self.tell({ type: 'flushLastSeen' });
    },
  });
  const note = (sessionId: string, storedMs: number, now: Date) => {
    const unseenMs = now.getTime() - storedMs;
    if (unseenMs <= STAMP_AFTER_MS) return;
    lastSeen.note(sessionId, now);
    if (policy.sessionIdleSeconds * 1000 - unseenMs < STAMP_AT_ONCE_MS) self.tell({ type: 'flushLastSeen' });
  };
  return {
    findSession: async ({ sessionHash }) => {
      const now = sources.now();
      const found = await sessions.find(sessionHash, now);
      if (found) note(found.session.sessionId, found.lastSeenAt.getTime(), now);
      return found?.session ?? null;
    },
    listSessions: ({ userId }) => sessions.list(userId, sources.now(), MAX_LISTED),
    endSession: async ({ userId, sessionId, caller }) => {
      const ended = await sessions.endById(userId, sessionId, sources.now());
      if (ended) recordEvent(parts, { type: 'sessions_ended', userId, caller, detail: { count: 1 } });
      return ended;
    },
    endSessions: async ({ userId, exceptSessionId, caller }) => {
      const count = await sessions.endOthers(userId, exceptSessionId, sources.now());
      if (count > 0) recordEvent(parts, { type: 'sessions_ended', userId, caller, detail: { count } });
      return count;
    },
    flushLastSeen: () => lastSeen.flush(),
  };
}

/** How a browser names itself, as far as it is fit to be kept and shown. */
export function fitUserAgent(userAgent: string | null): string | null {
  return userAgent?.replaceAll(/\p{Cc}/gu, '').slice(0, MAX_USER_AGENT_LENGTH) || null;
}
