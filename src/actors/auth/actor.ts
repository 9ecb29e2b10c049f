import { spawnActor } from '../runtime/actor.ts';
import { createCodeBatches, issueCode, redeemCode } from './codes.ts';
import { logIn, logOut } from './log-in.ts';
import type { AuthMessage, AuthRef, AuthReplies } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';
import { listUsers, readUser, updateUser } from './user-details.ts';
import { addUser, disableUser, enableUser, ensureFirstAdmin, resetPassword, unlockUser } from './users.ts';

const SWEEP_MS = 600_000;

/** Spent codes are kept for this long, so that a replay is still recognised as one. */
const KEEP_EXPIRED_MS = 86_400_000;

/** Spawns one AuthActor: it signs people in, keeps their consent, and issues and redeems authorization codes. */
export function spawnAuthActor(parts: AuthParts, name: string): AuthRef {
  const { sessions, users, sources } = parts;
  return spawnActor<AuthMessage, AuthReplies>({
    name,
    guardian: parts.guardian,
    limits: parts.limits,
    timers: [{ everyMs: SWEEP_MS, message: { type: 'sweep' } }],
    behave: () => {
      const batches = createCodeBatches(parts, name);
      return {
        logIn: (message) => logIn(parts, message),
        findSession: async ({ sessionHash }) => (await sessions.find(sessionHash, sources.now())) ?? null,
        logOut: (message) => logOut(parts, message),
        findConsent: ({ userId, clientId }) => sessions.findConsent(userId, clientId),
        decideConsent: async ({ userId, clientId, scope, allow, caller }) => {
          if (allow) await sessions.saveConsent(userId, clientId, scope, sources.now());
          else await sessions.withdrawConsent(userId, clientId, scope, sources.now());
          const type = allow ? 'consent_granted' : 'consent_denied';
          recordEvent(parts, { type, userId, clientId, caller, detail: { scope } });
        },
        issueCode: (message) => issueCode(parts, batches, message),
        redeemCode: (message) => redeemCode(parts, batches, message),
        findUser: async ({ userId }) => (await users.find(userId)) ?? null,
        isAdmin: ({ userId }) => users.isAdmin(userId),
        addUser: (message) => addUser(parts, message),
        listUsers: (message) => listUsers(parts, message),
        countUsers: () => users.count(),
        readUser: (message) => readUser(parts, message),
        updateUser: (message) => updateUser(parts, message),
        unlockUser: (message) => unlockUser(parts, message),
        forgetClient: ({ clientId }) => sessions.deleteConsentsOf(clientId),
        disableUser: (message) => disableUser(parts, message),
        enableUser: (message) => enableUser(parts, message),
        resetPassword: (message) => resetPassword(parts, message),
        ensureFirstAdmin: (message) => ensureFirstAdmin(parts, message),
        sweep: () => parts.sweepStore.deleteExpired(new Date(sources.now().getTime() - KEEP_EXPIRED_MS)),
      };
    },
  });
}
