import { hashSecret, newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { Caller } from '../audit/messages.ts';
import type { AuthMessage, LoginResult } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';
import { fitUserAgent } from './sessions.ts';
import type { Locked } from './store-login-attempts.ts';

/**
 * Signs a person in, unless too many attempts have failed: a new session with a new id, and the one it replaces ended. An
 * unknown name, a wrong password and a disabled account get the same answer in the same time.
 */
export async function logIn(
  parts: AuthParts,
  message: MessageOf<AuthMessage, 'logIn'>,
): Promise<LoginResult> {
  const { users, sessions, attempts, passwords, sources, policy } = parts;
  const { username, password, replaces, caller } = message;
  const locked = await attempts.count(username, caller.remoteAddress);
  if (locked) return refuseLocked(parts, username, locked, caller);
  // The time of the look-up, not of the verdict: a password that is changed in between is no longer good.
  const now = sources.now();
  const found = await users.credentials(username);
  const right = await passwords.verify(password, found?.passwordHash);
  if (!found || !right || found.disabledAt) {
    const reason = !found ? 'unknown user' : !right ? 'wrong password' : 'disabled';
    const userId = found && { userId: found.userId };
    recordEvent(parts, { type: 'login_failed', ...userId, caller, detail: { reason } });
    return { kind: 'refused' };
  }
  if (passwords.isOutdated(found.passwordHash)) {
    await users.rehash(found.userId, found.passwordHash, await passwords.hash(password));
  }
  const sessionId = newSecret(sources.randomBytes);
  const expiresAt = new Date(now.getTime() + policy.sessionLifetimeSeconds * 1000);
  const session = {
    userId: found.userId,
    passwordVersion: found.passwordVersion,
    authenticatedAt: now,
    expiresAt,
    remoteAddress: caller.remoteAddress,
    userAgent: fitUserAgent(message.userAgent),
  };
  if (!(await sessions.insert(hashSecret(sessionId), session))) {
    recordEvent(parts, {
      type: 'login_failed',
      userId: found.userId,
      caller,
      detail: { reason: 'changed meanwhile' },
    });
    return { kind: 'refused' };
  }
  await attempts.forgive(username, caller.remoteAddress);
  if (replaces) await sessions.end(replaces, now);
  recordEvent(parts, { type: 'login_succeeded', userId: found.userId, caller });
  return { kind: 'signed in', sessionId: new Sensitive(sessionId), expiresAt };
}

/** The same for an account that nobody has. Its owner, if there is one, is found in the audit where the lock began. */
export async function refuseLocked(
  parts: AuthParts,
  username: string,
  { isNew, retryAfterSeconds }: Locked,
  caller: Caller,
): Promise<Extract<LoginResult, { kind: 'locked' }>> {
  if (isNew) {
    const found = await parts.users.credentials(username);
    recordEvent(parts, { type: 'login_locked', ...(found && { userId: found.userId }), caller });
  }
  return { kind: 'locked', retryAfterSeconds };
}

/** Ends a session; one that is not live is no error. */
export async function logOut(
  parts: AuthParts,
  { sessionHash, caller }: MessageOf<AuthMessage, 'logOut'>,
): Promise<void> {
  const userId = await parts.sessions.end(sessionHash, parts.sources.now());
  if (userId !== undefined) recordEvent(parts, { type: 'logged_out', userId, caller });
}
