import { auditOperations } from './audit-events.ts';
import { clientSecretOperations } from './client-secrets.ts';
import { clientOperations } from './clients.ts';
import { keyOperations } from './keys.ts';
import type { Operation } from './operation.ts';
import { overviewOperations } from './overview.ts';
import { tokenOperations } from './tokens.ts';
import { userSessionOperations } from './user-sessions.ts';
import { userOperations } from './users.ts';

/** Every operation of the admin API. */
export function adminOperations(): readonly Operation[] {
  return [
    ...clientOperations,
    ...clientSecretOperations,
    ...userOperations,
    ...userSessionOperations,
    ...tokenOperations,
    ...keyOperations,
    ...auditOperations,
    ...overviewOperations(),
  ];
}
