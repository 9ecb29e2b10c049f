// Another Node than the one that runs this program, from the npm registry.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));

/**
 * The path of a node binary.
 * @param {string | undefined} choice a major version, or the path itself; none: the Node that runs this program
 */
export function nodeBinary(choice) {
  if (choice === undefined) return process.execPath;
  if (isAbsolute(choice)) return choice;
  if (!/^\d+$/.test(choice)) throw new Error(`"${choice}" is neither a major version of Node nor a path.`);
  return downloaded(choice);
}

/** The path of a Node of this major version: this one, where it is one. */
export function nodeOfMajor(major) {
  return process.versions.node.split('.')[0] === major ? realpathSync(process.execPath) : downloaded(major);
}

function downloaded(choice) {
  const folder = join(CACHE, `node-${choice}`);
  const binary = join(folder, 'bin', 'node');
  if (!existsSync(binary)) download(choice, folder);
  return binary;
}

/** @param {string} node the path of a binary */
export function nodeVersion(node) {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
}

function download(major, folder) {
  const name = `node-${process.platform}-${process.arch}@${major}`;
  process.stderr.write(`  taking ${name} from the npm registry …\n`);
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, 'node-'));
  try {
    execFileSync('npm', ['pack', '--silent', name], { cwd: fresh, stdio: ['ignore', 'ignore', 'inherit'] });
    const [archive] = readdirSync(fresh);
    execFileSync('tar', ['-xzf', archive], { cwd: fresh });
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(fresh, 'package'), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
