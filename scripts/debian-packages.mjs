// Programs that this project's checks use, from Debian's packages where they are missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
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
    withoutStartingServices(() => {
      apt('update');
      apt('install', '-y', '--no-install-recommends', debianPackage);
    });
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

function isRootOnDebian() {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Debian starts what it installs, unless a policy says no: nobody asked for a server that stays. */
function withoutStartingServices(work) {
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (isOurs) rmSync(POLICY);
  }
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`);
}
