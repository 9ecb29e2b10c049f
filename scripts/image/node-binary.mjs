// The Node that the image has. Where this machine has another, npm has it as a package.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** The path of a Node of this major version. */
export function nodeOfMajor(major, say) {
  if (process.versions.node.split('.')[0] === major) return realpathSync(process.execPath);
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, `node-${major}`);
  const file = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(file)) {
    say(`installing Node ${major} (npm) …`);
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status, stdout, stderr } = spawnSync('npm', [...args, `${name}@${major}`], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Node ${major} cannot be installed:\n${stdout}${stderr}`);
  }
  return file;
}
