import type { Config } from './config.ts';
import { newSecret } from './oauth/secret.ts';
import { Sensitive } from './oauth/sensitive.ts';
import type { Stagedoor } from './stagedoor.ts';

/**
 * Makes the first admin where there is no user yet. Resolves to the password if it was generated here, to be shown once.
 */
export async function ensureFirstAdmin(
  config: Config,
  { actors, sources }: Stagedoor,
): Promise<Sensitive | undefined> {
  const generated = config.adminPassword ? undefined : new Sensitive(newSecret(sources.randomBytes));
  const password = config.adminPassword ?? generated;
  if (!password) return undefined;
  const made = await actors.auth.ask({ type: 'ensureFirstAdmin', username: config.adminUsername, password });
  return made ? generated : undefined;
}
