import type { Config } from './config.ts';
import { Conflict } from './oauth/errors.ts';
import { newSecret } from './oauth/secret.ts';
import { Sensitive } from './oauth/sensitive.ts';
import type { Stagedoor } from './stagedoor.ts';
import { StartupError } from './storage.ts';

/**
 * Makes the first admin where there is none yet. Resolves to the password if it was generated here, to be shown once. Throws
 * StartupError if the name is another's.
 */
export async function ensureFirstAdmin(
  config: Config,
  { actors, sources }: Stagedoor,
): Promise<Sensitive | undefined> {
  const generated = config.adminPassword ? undefined : new Sensitive(newSecret(sources.randomBytes));
  const password = config.adminPassword ?? generated;
  if (!password) return undefined;
  const username = config.adminUsername;
  const made = await actors.auth
    .ask({ type: 'ensureFirstAdmin', username, password })
    .catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
      throw new StartupError(
        `There is no admin yet, and the name ${username} belongs to somebody who is none. ` +
          'Set OAUTH2_ADMIN_USERNAME to another name, or add an admin by "stagedoor users add NAME --admin".',
      );
    });
  return made ? generated : undefined;
}
