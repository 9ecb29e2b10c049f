import type { AuditRef } from './audit/messages.ts';
import type { AuthRef } from './auth/messages.ts';
import type { ClientRef } from './client/messages.ts';
import type { KeysRef } from './keys/messages.ts';
import type { ReplicasRef } from './replicas/messages.ts';
import type { TokenRef } from './token/messages.ts';

/** The actors that the rest of the process sends messages to. */
export interface Actors {
  readonly tokens: TokenRef;
  readonly auth: AuthRef;
  readonly clients: ClientRef;
  readonly keys: KeysRef;
  readonly audit: AuditRef;
  readonly replicas: ReplicasRef;
}
