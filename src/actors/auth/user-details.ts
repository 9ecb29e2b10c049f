import { NotFound, PreconditionFailed } from '../../oauth/errors.ts';
import type { Page } from '../paging.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { AuthMessage, UserChanges, UserDetails, UserSummary } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';

/** The users, the youngest first. */
export async function listUsers(
  parts: AuthParts,
  { search, page }: MessageOf<AuthMessage, 'listUsers'>,
): Promise<Page<UserDetails>> {
  const { items, next } = await parts.userDetails.list(search, page);
  return { items: await withLocks(parts, items), next };
}

/** One user. Throws NotFound. */
export async function readUser(
  parts: AuthParts,
  { userId }: MessageOf<AuthMessage, 'readUser'>,
): Promise<UserDetails> {
  const user = await parts.userDetails.read(userId);
  if (!user) throw noSuchUser();
  return withLock(parts, user);
}

/** Changes what is named and leaves the rest; a role counts from the next request. */
export async function updateUser(
  parts: AuthParts,
  message: MessageOf<AuthMessage, 'updateUser'>,
): Promise<UserDetails> {
  const { userId, versions, changes, caller } = message;
  const { userDetails, sources } = parts;
  const seen = await userDetails.read(userId);
  if (!seen) throw noSuchUser();
  if (versions !== null && !versions.includes(seen.version)) throw new PreconditionFailed();
  if (Object.keys(changes).length === 0) return withLock(parts, seen);
  const updated = await userDetails.update(changed(seen, changes), sources.now());
  if (!updated) {
    // Somebody was quicker. Whoever named a version is told so; for whoever did not, it is done on top.
    if (versions !== null) throw new PreconditionFailed();
    return updateUser(parts, message);
  }
  const detail = { fields: Object.keys(changes), ...(changes.roles && { roles: changes.roles }) };
  recordEvent(parts, { type: 'user_updated', userId, caller, detail });
  return withLock(parts, updated);
}

/** An address is verified or not; another one is not until somebody says so. */
function changed(seen: UserSummary, changes: UserChanges): UserSummary {
  const user = { ...seen, ...changes };
  const isNewAddress = user.email !== seen.email && changes.emailVerified === undefined;
  return { ...user, emailVerified: user.emailVerified && user.email !== null && !isNewAddress };
}

async function withLock(parts: AuthParts, user: UserSummary): Promise<UserDetails> {
  const [details] = await withLocks(parts, [user]);
  return details ?? { ...user, lockedUntil: null };
}

async function withLocks(
  { attempts, sources }: AuthParts,
  users: readonly UserSummary[],
): Promise<readonly UserDetails[]> {
  const locks = await attempts.locks(
    users.map(({ username }) => username),
    sources.now(),
  );
  return users.map((user, index) => ({ ...user, lockedUntil: locks[index] ?? null }));
}

function noSuchUser(): NotFound {
  return new NotFound('There is no such user');
}
