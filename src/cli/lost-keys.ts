import { LOCAL_CALLER } from '../actors/audit/messages.ts';
import { KeyVault } from '../actors/keys/key-vault.ts';
import { changeKeys } from '../actors/keys/change.ts';
import { planDiscard } from '../actors/keys/plan.ts';
import { KeyStore } from '../actors/keys/store.ts';
import { loadConfig } from '../config.ts';
import { LostSecret } from '../database/folder-secret.ts';
import { liveProcesses } from '../database/live-processes.ts';
import { openLog } from '../log.ts';
import { deriveKeys } from '../oauth/master-secret.ts';
import { openStorage, StartupError, type Storage } from '../storage.ts';
import { systemSources } from '../system-sources.ts';
import { withActors } from './session.ts';

/**
 * Retires the signing keys that no configured secret opens and has others made; resolves to their ids. Throws StartupError, with
 * what it costs, unless `isConfirmed`; and where servers run, for those have the secret.
 */
export async function discardLostKeys(
  env: NodeJS.ProcessEnv,
  isConfirmed: boolean,
): Promise<readonly string[]> {
  const { config } = loadConfig(env);
  const log = openLog('warn', 2);
  const storage = await openStorage(config, log.logger, undefined, isConfirmed).catch((error: unknown) => {
    throw error instanceof LostSecret
      ? new StartupError(whatItCosts('The secret in the data folder is missing.'))
      : error;
  });
  let lost: readonly string[];
  try {
    lost = await lostKeys(storage);
    if (lost.length > 0) {
      await refuseWhileServing(storage);
      if (!isConfirmed)
        throw new StartupError(
          whatItCosts(`OAUTH2_SECRET does not open ${lost.length} signing key(s): ${lost.join(', ')}.`),
        );
      await discard(storage, lost);
    }
  } finally {
    await storage.close();
    log.flush();
  }
  if (lost.length === 0) return lost;
  await withActors(env, async ({ audit }) => {
    const event = { type: 'signing_keys_discarded', caller: LOCAL_CALLER, detail: { kids: lost } } as const;
    audit.tell({ type: 'record', event });
  });
  return lost;
}

async function discard(storage: Storage, lost: readonly string[]): Promise<void> {
  await changeKeys({ ...keyParts(storage), sources: systemSources }, 'wait', (keys, now) =>
    planDiscard(keys, lost, now),
  );
}

function keyParts({ database, secrets }: Storage) {
  return {
    store: new KeyStore(database.queriesOf('keys')),
    vault: new KeyVault(deriveKeys(secrets, 'signing-key-encryption')),
  };
}

async function lostKeys(storage: Storage): Promise<readonly string[]> {
  const { store, vault } = keyParts(storage);
  const stored = await store.published(systemSources.now());
  const lost: string[] = [];
  for (const key of stored) await vault.open(key).catch(() => lost.push(key.kid));
  return lost;
}

/** What runs on this database started, and so could open the keys. */
async function refuseWhileServing({ database }: Storage): Promise<void> {
  const count = database.embedded ? 0 : await liveProcesses(database.knex);
  if (count === 0) return;
  throw new StartupError(
    `${count} server process(es) run on this database, so the secret is not lost: it is in their environment. Take OAUTH2_SECRET ` +
      'from there. If they really are to lose it, stop them first and wait a minute.',
  );
}

function whatItCosts(reason: string): string {
  return [
    reason,
    'If the secret that the keys were made with can be found, put it back (in OAUTH2_SECRET behind the others): nothing is lost.',
    'To go on without it costs: every access token and ID token issued so far is refused, and every refresh token. Applications',
    'send their users to sign in again; who still has a session in the browser need not type a password. Users, passwords,',
    'sessions, consents, clients and their secrets stay as they are.',
    'To do so: stagedoor keys discard-lost --yes-the-secret-is-lost',
  ].join('\n');
}
