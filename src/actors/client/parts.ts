import { NotFound } from '../../oauth/errors.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { AuditEvent, AuditRef } from '../audit/messages.ts';
import type { AuthRef } from '../auth/messages.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import type { TokenRef } from '../token/messages.ts';
import type { ClientDetailsStore } from './store-details.ts';
import type { ClientSecretStore } from './store-secrets.ts';
import type { ClientStore } from './store.ts';

/** Everything that the ClientActor is made of. */
export interface ClientParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: ClientStore;
  readonly details: ClientDetailsStore;
  readonly secrets: ClientSecretStore;
  readonly tokens: TokenRef;
  readonly auth: AuthRef;
  readonly audit: AuditRef;
  readonly sources: Sources;
  /** Records kept in memory. */
  readonly cacheSize: number;
  /** Called after a change, so that other instances of this actor forget the client too. */
  readonly announce: (clientId: string) => void;
}

/** Tells Audit; waits for nothing. */
export function recordEvent({ audit }: Pick<ClientParts, 'audit'>, event: AuditEvent): void {
  audit.tell({ type: 'record', event });
}

/** What was looked for; throws NotFound if it was not there. */
export function found<T>(client: T | undefined): T {
  if (client === undefined) throw new NotFound('There is no such client');
  return client;
}
