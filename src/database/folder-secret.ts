import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Knex } from 'knex';

/** The folder's secret is there but cannot be right. */
export class DamagedSecret extends Error {
  constructor(file: string) {
    super(
      `The master secret in ${file} is shorter than it was made. Restore the file from a backup: ` +
        'without it the signing keys in the folder cannot be opened.',
    );
    this.name = 'DamagedSecret';
  }
}

/** The folder has keys that some secret opens, and that secret is not there. */
export class LostSecret extends Error {
  constructor(file: string) {
    super(
      `The master secret ${resolve(file)} is missing, and the database beside it has signing keys that only it opens. ` +
        'Restore the file from a backup, or set OAUTH2_SECRET if that was set before. ' +
        'If the secret is lost for good, "stagedoor keys discard-lost" says what going on without it costs.',
    );
    this.name = 'LostSecret';
  }
}

const MIN_SECRET_LENGTH = 32;

/** The master secret of an embedded folder; undefined if there is none yet. Throws DamagedSecret. */
export function readFolderSecret(folder: string): string | undefined {
  const file = join(folder, 'secret');
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length >= MIN_SECRET_LENGTH) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new DamagedSecret(file);
}

/**
 * Makes the secret of a folder that has none, kept beside the data and readable by its owner only. It gets its name when it is
 * complete: a start that was killed must not leave an empty secret to the next one.
 */
export function makeFolderSecret(folder: string): string {
  const secret = randomBytes(32).toString('base64url');
  const file = join(folder, 'secret');
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(draft, file);
  return secret;
}

/** Throws LostSecret if the database beside the secret that is missing was not made a moment ago. */
export async function refuseLostSecret(folder: string, knex: Knex): Promise<void> {
  const { rows } = (await knex.raw('select from signing_keys limit 1')) as { rows: readonly unknown[] };
  if (rows.length > 0) throw new LostSecret(join(folder, 'secret'));
}
