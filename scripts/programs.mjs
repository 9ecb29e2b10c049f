// Programs that this project's checks use, from Debian's packages where they are missing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPackage, isRootOnDebian } from './apt.mjs';

/** Where Debian puts servers, which is not on the path of everybody. */
const SERVERS = ['/usr/sbin', '/usr/local/sbin'];

/** Where a program lives; undefined where it is not installed. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SERVERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Makes sure that programs can be run, by installing a Debian package if need be; throws a sentence that says what to do where they cannot.
 * @param {readonly string[]} programs
 * @param {string} debianPackage
 * @param {(sentence: string) => void} say
 */
export function requirePrograms(programs, debianPackage, say) {
  const areInstalled = () => programs.every((name) => findProgram(name) !== undefined);
  if (areInstalled()) return;
  if (isRootOnDebian()) {
    say(`installing ${debianPackage} (apt-get) …`);
    installPackage(debianPackage);
  }
  if (areInstalled()) return;
  throw new Error(
    `This needs ${programs.join(' and ')} on the PATH; on Debian, as root: apt-get install ${debianPackage}`,
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
