import { spawnActor } from '../runtime/actor.ts';
import { changePassword } from './change-password.ts';
import { createCodeBatches, issueCode, redeemCode } from './codes.ts';
import { disconnectClient } from './connections.ts';
import { logIn, logOut } from './log-in.ts';
import type { AuthMessage, AuthRef, AuthReplies } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';
import { createSessionHandlers } from './sessions.ts';
import { listUsers, readUser, updateUser } from './user-details.ts';
import { addUser, disableUser, enableUser, ensureFirstAdmin, resetPassword, unlockUser } from './users.ts';

const SWEEP_MS = 600_000;

/** When sessions were last seen is written down this often, for all of them at once. */
const FLUSH_LAST_SEEN_MS = 30_000;

/** Consents that a person is shown. */
const MAX_CONSENTS = 100;

/** Spent codes are kept for this long, so that a replay is still recognised as one. */
const KEEP_EXPIRED_MS = 86_400_000;

/** Spawns one AuthActor: it signs people in, keeps their consent, and issues and redeems authorization codes. */
export function spawnAuthActor(parts: AuthParts, name: string): AuthRef {
  const { consents, users, sources } = parts;
  return spawnActor<AuthMessage, AuthReplies>({
    name,
    guardian: parts.guardian,
    limits: parts.limits,
    timers: [
      { everyMs: SWEEP_MS, message: { type: 'sweep' } },
      { everyMs: FLUSH_LAST_SEEN_MS, message: { type: 'flushLastSeen' } },
    ],
    behave: (self) => {
      const batches = createCodeBatches(parts, name);
      return {
        logIn: (message) => logIn(parts, message),
        logOut: (message) => logOut(parts, message),
        findConsent: ({ userId, clientId }) => consents.find(userId, clientId),
        decideConsent: async ({ userId, clientId, scope, allow, caller }) => {
          if (allow) await consents.save(userId, clientId, scope, sources.now());
          else await consents.withdraw(userId, clientId, scope, sources.now());
          const type = allow ? 'consent_granted' : 'consent_denied';
          recordEvent(parts, { type, userId, clientId, caller, detail: { scope } });
        },
        ...createSessionHandlers(parts, self),
        changePassword: (message) => changePassword(parts, message),
        listConsents: ({ userId }) => consents.list(userId, MAX_CONSENTS),
        disconnectClient: (message) => disconnectClient(parts, message),
        issueCode: (message) => issueCode(parts, batches, message),
        redeemCode: (message) => redeemCode(parts, batches, message),
        findUser: async ({ userId }) => (await users.find(userId)) ?? null,
        isAdmin: ({ userId }) => parts.admins.isAdmin(userId),
        addUser: (message) => addUser(parts, message),
        listUsers: (message) => listUsers(parts, message),
        listUsernames: ({ userIds }) => parts.userDetails.listUsernames(userIds),
        countUsers: () => parts.userDetails.count(),
        readUser: (message) => readUser(parts, message),
        updateUser: (message) => updateUser(parts, message),
        unlockUser: (message) => unlockUser(parts, message),
        forgetClient: ({ clientId }) => consents.deleteOfClient(clientId),
        disableUser: (message) => disableUser(parts, message),
        enableUser: (message) => enableUser(parts, message),
        resetPassword: (message) => resetPassword(parts, message),
        ensureFirstAdmin: (message) => ensureFirstAdmin(parts, message),
        sweep: () => parts.sweepStore.deleteExpired(new Date(sources.now().getTime() - KEEP_EXPIRED_MS)),
      };
    },
  });
}
