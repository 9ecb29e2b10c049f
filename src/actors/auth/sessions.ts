import type { Handlers } from '../runtime/protocol.ts';
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
  let lastSeen = new Map<string, Date>();
  const note = (sessionId: string, storedMs: number, now: Date) => {
    const unseenMs = now.getTime() - storedMs;
    if (unseenMs <= STAMP_AFTER_MS) return;
    lastSeen.set(sessionId, now);
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
    flushLastSeen: async () => {
      if (lastSeen.size === 0) return;
      const seen = lastSeen;
      lastSeen = new Map();
      try {
        await sessions.stampLastSeen(seen);
      } catch (error) {
        // Kept for the next time, under whatever was seen since.
        lastSeen = new Map([...seen, ...lastSeen]);
        throw error;
      }
    },
  };
}

/** How a browser names itself, as far as it is fit to be kept and shown. */
export function fitUserAgent(userAgent: string | null): string | null {
  return userAgent?.replaceAll(/\p{Cc}/gu, '').slice(0, MAX_USER_AGENT_LENGTH) || null;
}
