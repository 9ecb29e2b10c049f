import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { SETTINGS } from '../config-settings.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';
import { passwordWeakness, weaknessOf } from './sample-secrets.ts';

const MAKE_ONE = 'openssl rand -base64 48';

/** The secrets that the configuration holds. What is said of one never has any of it. */
export function checkSecrets(config: Config): readonly Finding[] {
  return [checkMasterSecrets(config), checkAdminPassword(config), checkRegistrationToken(config)];
}

function checkMasterSecrets({ secrets }: Config): Finding {
  const check = 'master-secret';
  if (secrets.length === 0) return ok(check, 'made by this server and kept in the data folder');
  const advice =
    `Make one with "${MAKE_ONE}", put it behind the old one in OAUTH2_SECRET on all replicas, then before it, and run "stagedoor keys rotate"; ` +
    'take the old one out when what was made with it has expired';
  for (const [index, secret] of secrets.entries()) {
    const weakness = weaknessOf(secret.reveal());
    if (!weakness) continue;
    const found = `secret ${index + 1} of ${secrets.length} ${weakness.words}`;
    return weakness.isFatal ? failed(check, found, advice) : warning(check, found, advice);
  }
  return ok(check, secrets.length === 1 ? 'looks random' : `all ${secrets.length} look random`);
}

function checkAdminPassword({ adminPassword, adminUsername }: Config): Finding {
  const check = 'admin-password';
  if (!adminPassword) return ok(check, 'none is configured; the first one is made at random');
  const weakness = passwordWeakness(adminPassword.reveal(), adminUsername);
  if (weakness === undefined) return ok(check, 'no sample, and not easily guessed');
  return failed(
    check,
    `OAUTH2_ADMIN_PASSWORD ${weakness}`,
    `If it was used at the first start, give the admin another one: "stagedoor users reset-password ${adminUsername}".`,
  );
}

function checkRegistrationToken({ registrationToken, clientRegistration }: Config): Finding {
  const check = 'registration-token';
  if (clientRegistration !== 'protected') return skipped(check, `registration is ${clientRegistration}`);
  if (!registrationToken) return skipped(check, 'there is none');
  const weakness = weaknessOf(registrationToken.reveal());
  if (!weakness) return ok(check, 'looks random');
  const advice = 'Make one with "openssl rand -hex 32" and set OAUTH2_REGISTRATION_TOKEN to it.';
  const found = `OAUTH2_REGISTRATION_TOKEN ${weakness.words}`;
  return weakness.isFatal ? failed(check, found, advice) : warning(check, found, advice);
}

/** Who else on this machine may read what only this server should. */
export function checkFiles(config: Config, env: NodeJS.ProcessEnv): readonly Finding[] {
  if (process.platform === 'win32') return [skipped('secret-files', 'Windows has no modes of files')];
  return [checkSecretFiles(env), ...(config.databaseUrl === undefined ? [checkDataFolder(config)] : [])];
}

function checkSecretFiles(env: NodeJS.ProcessEnv): Finding {
  const check = 'secret-files';
  const variables = Object.values(SETTINGS)
    .filter((setting) => 'secret' in setting)
    .map(({ variable }) => `${variable}_FILE`)
    .filter((variable) => env[variable]);
  if (variables.length === 0) return skipped(check, 'no secret comes from a file');
  const modes = variables.map((variable) => ({ variable, mode: modeOf(env[variable] ?? '') }));
  const writable = modes.filter(({ mode }) => mode & 0o022).map(({ variable }) => variable);
  if (writable.length > 0)
    return failed(check, `others may write to the file of ${writable.join(', ')}`, 'chmod go-w the file.');
  const readable = modes.filter(({ mode }) => mode & 0o004).map(({ variable }) => variable);
  if (readable.length > 0)
    return warning(
      check,
      `everybody on this machine may read the file of ${readable.join(', ')}`,
      'chmod o-r the file; in Kubernetes set defaultMode: 0440 where the Secret is mounted.',
    );
  return ok(check, variables.join(', '));
}

function checkDataFolder({ dataDir }: Config): Finding {
  const check = 'data-folder';
  const open = ['secret', 'postgres'].filter((name) => {
    const mode = modeOf(join(dataDir, name));
    return (mode & 0o077) !== 0;
  });
  if (open.length > 0)
    return failed(
      check,
      `others on this machine may use ${open.map((name) => join(dataDir, name)).join(' and ')}`,
      `chmod go-rwx ${open.map((name) => join(dataDir, name)).join(' ')}`,
    );
  const exists = lstatSync(dataDir, { throwIfNoEntry: false }) !== undefined;
  return ok(check, exists ? `${dataDir} is this user's alone` : `${dataDir} is made at the first start`);
}

/** Zero for what is not there, or cannot be looked at. */
function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return 0;
  }
}
