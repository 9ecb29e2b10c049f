import type { Page, PageRequest } from '../paging.ts';
import type { ActorRef } from '../runtime/protocol.ts';

/** Everything that is worth finding out about later. */
export const AUDIT_EVENT_TYPES = [
  'client_registered',
  'client_updated',
  'client_deleted',
  'client_disabled',
  'client_enabled',
  'client_secret_added',
  'client_secret_expired',
  'client_tokens_revoked',
  'user_added',
  'user_updated',
  'user_disabled',
  'user_enabled',
  'user_unlocked',
  'user_tokens_revoked',
  'password_reset',
  'password_changed',
  'login_succeeded',
  'login_failed',
  'login_locked',
  'logged_out',
  'sessions_ended',
  'consent_granted',
  'consent_denied',
  'client_disconnected',
  'code_replayed',
  'code_without_consent',
  'refresh_token_reused',
  'grant_revoked',
  'access_token_revoked',
  'signing_keys_rotated',
  'signing_keys_discarded',
  'signing_keys_revoked',
] as const;
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/** Who sent the request that led to an event. */
export interface Caller {
  readonly requestId: string | null;
  readonly remoteAddress: string | null;
  /** Who asked, where it is an admin or a client with an admin's rights. */
  readonly actor?: Actor | undefined;
}

/** Whoever acts on what is not their own. */
export type Actor = `user:${string}` | `client:${string}`;

/** The caller of what the server does by itself, or an operator at the command line. */
export const LOCAL_CALLER: Caller = { requestId: null, remoteAddress: null };

export interface AuditEvent {
  readonly type: AuditEventType;
  readonly clientId?: string;
  readonly userId?: string;
  readonly caller: Caller;
  /** Never a secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface RecordedEvent extends AuditEvent {
  readonly id: string;
  readonly occurredAt: Date;
}

/** Which events are listed; null: whichever. */
export interface AuditFilter {
  readonly type: AuditEventType | null;
  readonly clientId: string | null;
  readonly userId: string | null;
  /** From then on. */
  readonly from: Date | null;
  /** Before then. */
  readonly until: Date | null;
}

export type AuditMessage =
  | { readonly type: 'record'; readonly event: AuditEvent }
  /** The youngest first. */
  | { readonly type: 'list'; readonly filter: AuditFilter; readonly page: PageRequest };

export interface AuditReplies {
  readonly record: void;
  readonly list: Page<RecordedEvent>;
}

export type AuditRef = ActorRef<AuditMessage, AuditReplies>;
