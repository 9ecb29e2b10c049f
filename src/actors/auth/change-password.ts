import { InvalidRequest } from '../../oauth/errors.ts';
import { equalTexts, hashSecret, newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import { refuseLocked } from './log-in.ts';
import type { AuthMessage, PasswordChangeResult } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';
import type { OwnCredentials } from './store-passwords.ts';

type PasswordChange = MessageOf<AuthMessage, 'changePassword'>;

/**
 * Gives a person who knows the current password another, unless too many attempts have failed. Whoever knew the old one keeps
 * nothing (RFC 9700 §4.14.2): all sessions end, the one that asks goes on under a new id, and what was issued so far is
 * revoked. Throws InvalidRequest if the new password is unfit or the current one.
 */
export async function changePassword(
  parts: AuthParts,
  message: PasswordChange,
): Promise<PasswordChangeResult> {
  const { passwordStore, attempts, passwords } = parts;
  const { userId, currentPassword, newPassword, caller } = message;
  passwords.checkFitness(newPassword);
  const found = await passwordStore.credentialsOf(userId);
  if (!found) return refuse(parts, message, 'disabled');
  const locked = await attempts.count(found.username, caller.remoteAddress);
  if (locked) return refuseLocked(parts, found.username, locked, caller);
  if (!(await passwords.verify(currentPassword, found.passwordHash))) {
    return refuse(parts, message, 'wrong password');
  }
  await attempts.forgive(found.username, caller.remoteAddress);
  if (equalTexts(newPassword.reveal(), currentPassword.reveal())) {
    throw new InvalidRequest('The new password is the current one');
  }
  return replacePassword(parts, message, found);
}

async function replacePassword(
  parts: AuthParts,
  message: PasswordChange,
  { passwordHash }: OwnCredentials,
): Promise<PasswordChangeResult> {
  const { passwordStore, passwords, tokens, sources, policy } = parts;
  const { userId, newPassword, replaces, caller } = message;
  const newHash = await passwords.hash(newPassword);
  // Twice: now, so that a fault leaves the person a password to try again with; and below, for what was issued in between.
  await tokens.ask({ type: 'revokeIssuedToUser', userId });
  const now = sources.now();
  const sessionId = newSecret(sources.randomBytes);
  const expiresAt = new Date(now.getTime() + policy.sessionLifetimeSeconds * 1000);
  const changed = await passwordStore.change({
    userId,
    from: passwordHash,
    to: newHash,
    now,
    session: { replaces, hash: hashSecret(sessionId), expiresAt, remoteAddress: caller.remoteAddress },
  });
  if (!changed) return refuse(parts, message, 'changed meanwhile');
  await tokens.ask({ type: 'revokeIssuedToUser', userId });
  recordEvent(parts, { type: 'password_changed', userId, caller });
  return { kind: 'changed', sessionId: new Sensitive(sessionId), expiresAt };
}

function refuse(parts: AuthParts, { userId, caller }: PasswordChange, reason: string): PasswordChangeResult {
  const detail = { reason, at: 'password change' };
  recordEvent(parts, { type: 'login_failed', userId, caller, detail });
  return { kind: 'refused' };
}
