import type { UserFacts } from '../../oauth/claims.ts';
import type { Client } from '../../oauth/client.ts';
import type { Scope } from '../../oauth/scope.ts';
import type { CodeHash, SessionHash } from '../../oauth/secret.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Caller } from '../audit/messages.ts';
import type { Page, PageRequest } from '../paging.ts';
import type { ActorRef } from '../runtime/protocol.ts';

export const ROLES = ['admin'] as const;
export type Role = (typeof ROLES)[number];

/** A person who is signed in. */
export interface Session {
  /** Names the session where it is shown; no secret, and not what the browser presents. */
  readonly sessionId: string;
  readonly userId: string;
  readonly username: string;
  readonly roles: readonly Role[];
  readonly authenticatedAt: Date;
}

export interface UserSummary {
  readonly userId: string;
  readonly username: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly roles: readonly Role[];
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  /** Counts the changes; who changes a user says which version they saw. */
  readonly version: number;
}

/** A user as an admin sees one. */
export interface UserDetails extends UserSummary {
  /** Until when logins are refused, from everywhere or from some address; null: they are not. */
  readonly lockedUntil: Date | null;
}

/** What an admin may change of a user. */
export interface UserChanges {
  readonly name?: string | null;
  readonly email?: string | null;
  readonly emailVerified?: boolean;
  readonly roles?: readonly Role[];
}

/** What an authorization code stood for. */
export interface RedeemedCode {
  readonly grantId: string;
  readonly userId: string;
  readonly scope: Scope;
  readonly nonce: string | null;
  readonly authenticatedAt: Date;
}

export type LoginResult =
  | { readonly kind: 'signed in'; readonly sessionId: Sensitive; readonly expiresAt: Date }
  | { readonly kind: 'refused' }
  /** Too many attempts have failed, for the account or from the address; the password was not looked at. */
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number };

/** A live session as its owner is shown it. */
export interface SessionSummary {
  readonly sessionId: string;
  readonly authenticatedAt: Date;
  /** To within a minute or two. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly remoteAddress: string | null;
  /** As the browser named itself at the login. Untrusted. */
  readonly userAgent: string | null;
}

/** What a person allows a client, until it is withdrawn. */
export interface Consent {
  readonly clientId: string;
  readonly scope: Scope;
  readonly decidedAt: Date;
}

export type PasswordChangeResult =
  /** `sessionId` is what the browser presents from now on. */
  | { readonly kind: 'changed'; readonly sessionId: Sensitive; readonly expiresAt: Date }
  | Exclude<LoginResult, { kind: 'signed in' }>;

export type AuthMessage =
  | {
      readonly type: 'logIn';
      readonly username: string;
      readonly password: Sensitive;
      /** The session that this login replaces, if the browser had one. */
      readonly replaces: SessionHash | null;
      /** How the browser names itself. */
      readonly userAgent: string | null;
      readonly caller: Caller;
    }
  | { readonly type: 'findSession'; readonly sessionHash: SessionHash }
  | { readonly type: 'logOut'; readonly sessionHash: SessionHash; readonly caller: Caller }
  | { readonly type: 'findConsent'; readonly userId: string; readonly clientId: string }
  | {
      readonly type: 'decideConsent';
      readonly userId: string;
      readonly clientId: string;
      readonly scope: Scope;
      readonly allow: boolean;
      readonly caller: Caller;
    }
  | {
      readonly type: 'issueCode';
      readonly clientId: string;
      readonly userId: string;
      readonly redirectUri: string;
      readonly scope: Scope;
      readonly codeChallenge: string | null;
      readonly nonce: string | null;
      readonly authenticatedAt: Date;
    }
  | {
      /** Spends a code, whether or not what comes with it is right; a code that was spent before revokes what it led to. */
      readonly type: 'redeemCode';
      readonly codeHash: CodeHash;
      readonly client: Pick<Client, 'clientId' | 'firstParty' | 'tokenEndpointAuthMethod'>;
      readonly redirectUri: string | null;
      readonly codeVerifier: string | null;
      readonly caller: Caller;
    }
  | AccountMessage
  | { readonly type: 'findUser'; readonly userId: string }
  /** Whether the user is an admin now, and not disabled. */
  | { readonly type: 'isAdmin'; readonly userId: string }
  | {
      readonly type: 'addUser';
      readonly username: string;
      readonly password: Sensitive;
      readonly roles: readonly Role[];
      readonly email: string | null;
      readonly name: string | null;
      readonly emailVerified?: boolean;
      readonly caller: Caller;
    }
  | {
      readonly type: 'listUsers';
      /** Words of the names or of the email address; null: all. */
      readonly search: string | null;
      readonly page: PageRequest;
    }
  /** What users are called, in the order of their ids; null where there is none. */
  | { readonly type: 'listUsernames'; readonly userIds: readonly string[] }
  /** How many users there are; an estimate where there are many. */
  | { readonly type: 'countUsers' }
  /** Throws NotFound. */
  | { readonly type: 'readUser'; readonly userId: string }
  | {
      /** Throws NotFound, PreconditionFailed if the version is another, Conflict if no admin would be left. */
      readonly type: 'updateUser';
      readonly userId: string;
      /** The versions that will do; null: whichever there is. */
      readonly versions: readonly number[] | null;
      readonly changes: UserChanges;
      readonly caller: Caller;
    }
  /** Lets the person try again at once, after too many failed logins. */
  | { readonly type: 'unlockUser'; readonly username: string; readonly caller: Caller }
  /** The client is gone: forgets what people allowed it. */
  | { readonly type: 'forgetClient'; readonly clientId: string }
  /** Ends the person's sessions and revokes all grants along. Throws NotFound, or Conflict if no admin would be left. */
  | { readonly type: 'disableUser'; readonly username: string; readonly caller: Caller }
  /** The person may sign in again; what was revoked stays revoked. */
  | { readonly type: 'enableUser'; readonly username: string; readonly caller: Caller }
  /** Ends the person's sessions and revokes what was issued so far. */
  | {
      readonly type: 'resetPassword';
      readonly username: string;
      readonly password: Sensitive;
      readonly caller: Caller;
    }
  /** Makes the first admin if there is none; answers whether it did. */
  | { readonly type: 'ensureFirstAdmin'; readonly username: string; readonly password: Sensitive }
  | { readonly type: 'sweep' };

/** What people do on their account page. */
export type AccountMessage =
  | { readonly type: 'listSessions'; readonly userId: string }
  | {
      readonly type: 'endSession';
      readonly userId: string;
      readonly sessionId: string;
      readonly caller: Caller;
    }
  | {
      readonly type: 'endSessions';
      readonly userId: string;
      readonly exceptSessionId: string | null;
      readonly caller: Caller;
    }
  | {
      /** Ends all of the person's sessions, begins another in place of the one that asks, and revokes what was issued so far. */
      readonly type: 'changePassword';
      readonly userId: string;
      readonly currentPassword: Sensitive;
      readonly newPassword: Sensitive;
      readonly replaces: SessionHash;
      readonly caller: Caller;
    }
  /** Writes down when the sessions that were met lately were last seen. */
  | { readonly type: 'flushLastSeen' }
  | { readonly type: 'listConsents'; readonly userId: string }
  /** Withdraws the consent, spends the codes and revokes the grants that a client has of a person. */
  | {
      readonly type: 'disconnectClient';
      readonly userId: string;
      readonly clientId: string;
      readonly caller: Caller;
    };

interface AccountReplies {
  readonly listSessions: readonly SessionSummary[];
  /** Whether the person had such a session. */
  readonly endSession: boolean;
  /** How many were ended. */
  readonly endSessions: number;
  readonly changePassword: PasswordChangeResult;
  readonly flushLastSeen: void;
  readonly listConsents: readonly Consent[];
  readonly disconnectClient: void;
}

export interface AuthReplies extends AccountReplies {
  readonly logIn: LoginResult;
  readonly findSession: Session | null;
  readonly logOut: void;
  readonly findConsent: Scope;
  readonly decideConsent: void;
  /** The code itself; only its hash is kept. */
  readonly issueCode: Sensitive;
  readonly redeemCode: RedeemedCode;
  readonly findUser: UserFacts | null;
  readonly isAdmin: boolean;
  readonly addUser: UserSummary;
  readonly listUsers: Page<UserDetails>;
  readonly listUsernames: readonly (string | null)[];
  readonly countUsers: number;
  readonly readUser: UserDetails;
  readonly updateUser: UserDetails;
  readonly unlockUser: void;
  readonly forgetClient: void;
  readonly disableUser: void;
  readonly enableUser: void;
  readonly resetPassword: void;
  readonly ensureFirstAdmin: boolean;
  readonly sweep: void;
}

export type AuthRef = ActorRef<AuthMessage, AuthReplies>;
