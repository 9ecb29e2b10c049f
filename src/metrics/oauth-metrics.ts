import { AUDIT_EVENT_TYPES, type AuditEvent } from '../actors/audit/messages.ts';
import type { Outcome } from '../actors/runtime/protocol.ts';
import type { GrantType } from '../oauth/client.ts';
import type { ErrorCode } from '../oauth/errors.ts';
import type { Instruments } from './instruments.ts';

/** What a message that was answered issued. */
const GRANT_TYPE_OF: Readonly<Record<string, GrantType>> = {
  issueForClient: 'client_credentials',
  issueForGrant: 'authorization_code',
  rotateRefresh: 'refresh_token',
};

const FAILED_AUTHENTICATIONS = ['client', 'user', 'access_token'] as const;
type FailedAuthentication = (typeof FAILED_AUTHENTICATIONS)[number];

/** Whose authentication an error code says has failed. */
const FAILED_BY_CODE: Partial<Record<ErrorCode, FailedAuthentication>> = {
  invalid_client: 'client',
  invalid_token: 'access_token',
};

/** Where what happens comes in. */
export interface OAuthMetrics {
  readonly messageSettled: (message: string, outcome: Outcome) => void;
  readonly requestFailed: (code: string) => void;
  readonly audited: (event: AuditEvent) => void;
  readonly eventLost: () => void;
}

/** Counts what an authorization server is for: tokens and codes issued and revoked, failed authentications, audit events. */
export function oauthMetrics(instruments: Instruments): OAuthMetrics {
  const issued = instruments.counter('oauth_token_issued_total', 'Access tokens issued', ['grant_type']);
  const revoked = instruments.counter(
    'oauth_token_revoked_total',
    'Revocations of one access token or of a grant with all of its tokens',
  );
  const codes = instruments.counter('oauth_authorization_codes_issued', 'Authorization codes issued');
  const failed = instruments.counter(
    'oauth_failed_authentications',
    'Failed authentications of clients, of users at the login page, and by access tokens',
    ['kind'],
  );
  const events = instruments.counter('audit_events_total', 'Audit events', ['type']);
  const lost = instruments.counter('audit_events_lost_total', 'Audit events that could not be stored');
  // A rate needs a zero to start from.
  for (const grant_type of Object.values(GRANT_TYPE_OF)) issued.inc({ grant_type }, 0);
  for (const kind of FAILED_AUTHENTICATIONS) failed.inc({ kind }, 0);
  for (const type of AUDIT_EVENT_TYPES) events.inc({ type }, 0);
  return {
    messageSettled: (message, outcome) => {
      if (outcome !== 'ok') return;
      const grant_type = GRANT_TYPE_OF[message];
      if (grant_type !== undefined) issued.inc({ grant_type });
      else if (message === 'issueCode') codes.inc();
    },
    requestFailed: (code) => {
      const kind = FAILED_BY_CODE[code as ErrorCode];
      if (kind !== undefined) failed.inc({ kind });
    },
    audited: ({ type }) => {
      events.inc({ type });
      if (type === 'login_failed') failed.inc({ kind: 'user' });
      if (type === 'access_token_revoked' || type === 'grant_revoked') revoked.inc();
    },
    eventLost: () => {
      lost.inc();
    },
  };
}
