import { UniqueViolation } from '../../database/faults.ts';
import { USERNAME, USERNAME_RULE } from '../../oauth/account-rules.ts';
import { Conflict, InvalidRequest, NotFound } from '../../oauth/errors.ts';
import { LOCAL_CALLER } from '../audit/messages.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { AuthMessage, UserSummary } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';

/** Adds a user. Throws InvalidRequest if the name is taken or malformed, or the password unfit. */
export async function addUser(
  parts: AuthParts,
  message: MessageOf<AuthMessage, 'addUser'>,
): Promise<UserSummary> {
  const { username, roles, email, name, password, caller } = message;
  const emailVerified = email !== null && (message.emailVerified ?? false);
  if (!USERNAME.test(username)) {
    throw new InvalidRequest(`A user name has ${USERNAME_RULE}`);
  }
  const createdAt = parts.sources.now();
  const userId = parts.sources.randomUuid();
  const passwordHash = await parts.passwords.hash(password);
  await parts.users
    .insert({ userId, username, passwordHash, roles, email, emailVerified, name, createdAt })
    .catch(refuseTakenName);
  recordEvent(parts, { type: 'user_added', userId, caller, detail: { roles } });
  return { userId, username, name, email, emailVerified, roles, createdAt, disabledAt: null, version: 1 };
}

/**
 * Makes the first admin where there is none (whichever replica comes first); resolves to whether it did. Throws InvalidRequest
 * if somebody else has the name.
 */
export async function ensureFirstAdmin(
  parts: AuthParts,
  { username, password }: MessageOf<AuthMessage, 'ensureFirstAdmin'>,
): Promise<boolean> {
  const { admins, passwords, sources } = parts;
  if (await admins.anyAdmin()) return false;
  const userId = sources.randomUuid();
  const admin = {
    userId,
    username,
    passwordHash: await passwords.hash(password),
    roles: ['admin'] as const,
    email: null,
    emailVerified: false,
    name: null,
    createdAt: sources.now(),
  };
  const made = await admins.insertFirstAdmin(admin).catch(refuseTakenName);
  if (made)
    recordEvent(parts, { type: 'user_added', userId, caller: LOCAL_CALLER, detail: { roles: ['admin'] } });
  return made;
}

/** Disables a user, ends the sessions and revokes the grants. Throws NotFound. */
export async function disableUser(
  parts: AuthParts,
  { username, caller }: MessageOf<AuthMessage, 'disableUser'>,
): Promise<void> {
  const userId = await parts.users.disable(username, parts.sources.now());
  if (userId === undefined) throw new NotFound('There is no such user');
  await parts.tokens.ask({ type: 'revokeUser', userId });
  recordEvent(parts, { type: 'user_disabled', userId, caller });
}

/** Lets a disabled user sign in again. Throws NotFound. */
export async function enableUser(
  parts: AuthParts,
  { username, caller }: MessageOf<AuthMessage, 'enableUser'>,
): Promise<void> {
  const userId = await parts.users.enable(username);
  if (userId === undefined) throw new NotFound('There is no such user');
  await parts.tokens.ask({ type: 'readmitUser', userId });
  recordEvent(parts, { type: 'user_enabled', userId, caller });
}

/**
 * Sets a new password, unlocks the account, ends the sessions and revokes the grants: whoever knew the old one keeps nothing (RFC 9700 §4.14.2).
 * Throws NotFound, or InvalidRequest if the password is unfit.
 */
export async function resetPassword(
  parts: AuthParts,
  { username, password, caller }: MessageOf<AuthMessage, 'resetPassword'>,
): Promise<void> {
  const passwordHash = await parts.passwords.hash(password);
  const userId = await parts.users.resetPassword(username, passwordHash, parts.sources.now());
  if (userId === undefined) throw new NotFound('There is no such user');
  await parts.tokens.ask({ type: 'revokeIssuedToUser', userId });
  await parts.attempts.unlock(username);
  recordEvent(parts, { type: 'password_reset', userId, caller });
}

/** Forgets the failed logins of a user. Throws NotFound. */
export async function unlockUser(
  { users, attempts, ...parts }: AuthParts,
  { username, caller }: MessageOf<AuthMessage, 'unlockUser'>,
): Promise<void> {
  const found = await users.credentials(username);
  if (!found) throw new NotFound('There is no such user');
  await attempts.unlock(username);
  recordEvent(parts, { type: 'user_unlocked', userId: found.userId, caller });
}

function refuseTakenName(cause: unknown): never {
  if (cause instanceof UniqueViolation) {
    const problems = [{ field: 'username', message: 'The user name is taken' }];
    throw new Conflict('The user name is taken', problems, { cause });
  }
  throw cause;
}
