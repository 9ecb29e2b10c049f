import type { Sources } from '../../oauth/sources.ts';
import type { AuditEvent, AuditRef } from '../audit/messages.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import type { TokenRef } from '../token/messages.ts';
import type { Passwords } from './passwords.ts';
import type { CodeStore } from './store-codes.ts';
import type { LoginAttemptStore } from './store-login-attempts.ts';
import type { ConsentStore } from './store-consents.ts';
import type { PasswordStore } from './store-passwords.ts';
import type { SessionStore } from './store-sessions.ts';
import type { AuthSweepStore } from './store-sweep.ts';
import type { AdminStore } from './store-admins.ts';
import type { UserDetailsStore } from './store-user-details.ts';
import type { UserStore } from './store-users.ts';

export interface AuthPolicy {
  readonly authorizationCodeLifetimeSeconds: number;
  readonly sessionLifetimeSeconds: number;
  readonly sessionIdleSeconds: number;
}

/** Everything that the AuthActor is made of. */
export interface AuthParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly users: UserStore;
  readonly userDetails: UserDetailsStore;
  readonly admins: AdminStore;
  readonly attempts: LoginAttemptStore;
  readonly sessions: SessionStore;
  readonly consents: ConsentStore;
  readonly passwordStore: PasswordStore;
  readonly codes: CodeStore;
  readonly sweepStore: AuthSweepStore;
  readonly passwords: Passwords;
  readonly tokens: TokenRef;
  readonly audit: AuditRef;
  readonly sources: Sources;
  readonly policy: AuthPolicy;
}

/** Tells Audit; waits for nothing. */
export function recordEvent({ audit }: Pick<AuthParts, 'audit'>, event: AuditEvent): void {
  audit.tell({ type: 'record', event });
}
