// Programs that this project's checks use, from Debian's packages where they are missing.
import { accessSync, constants, statSync } from 'node:fs';
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
  const otherwise = `This needs ${programs.join(' and ')} on the PATH; on Debian, as root: apt-get install ${debianPackage}`;
  provide({ find: areInstalled, debianPackage }, say, otherwise);
}

/**
 * Installs a Debian package where something is not found, and throws `otherwise` where it is not found then either. Ubuntu's
 * package of Chromium only installs a snap, which containers cannot run: hence Debian alone.
 */
export function provide({ find, debianPackage, words = debianPackage }, say, otherwise) {
  if (find()) return;
  if (isRootOnDebian()) {
    say(`installing ${words} (apt-get) …`);
    installPackage(debianPackage);
  }
  if (!find()) throw new Error(otherwise);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
