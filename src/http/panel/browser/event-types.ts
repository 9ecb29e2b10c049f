/** What the activity can be filtered by. A test holds it against what the server records. */
export const EVENT_TYPES = [
  'login_succeeded',
  'login_failed',
  'login_locked',
  'logged_out',
  'sessions_ended',
  'password_changed',
  'consent_granted',
  'consent_denied',
  'client_disconnected',
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
  'grant_revoked',
  'access_token_revoked',
  'code_replayed',
  'code_without_consent',
  'refresh_token_reused',
  'signing_keys_rotated',
  'signing_keys_discarded',
  'signing_keys_revoked',
] as const;

/** An event's type in words: `client_secret_added` reads "Client secret added". */
export function eventWords(type: string): string {
  const text = type.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether the event is one to look into. */
export function isWorrying(type: string): boolean {
  return ['login_failed', 'login_locked', 'code_replayed', 'refresh_token_reused'].includes(type);
}
