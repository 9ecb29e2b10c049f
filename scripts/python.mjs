// Programs that Python packages have, where Python is installed: its pip fetches and checks them.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../.cache/python/', import.meta.url));

export function hasPython() {
  return spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status === 0;
}

/** The path of a program of the package `name==version`, installed in a folder of its own where it is missing. */
export function pythonProgram(requirement, say) {
  const [name] = requirement.split('==');
  const folder = join(CACHE, requirement);
  const file = join(folder, 'bin', name);
  if (existsSync(file)) return file;
  say(`installing ${requirement.replace('==', ' ')} (pip) …`);
  try {
    run('python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', requirement]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return file;
}

function run(file, args) {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${file} ${args.slice(0, 2).join(' ')} failed:\n${error?.message ?? stderr}`);
}
