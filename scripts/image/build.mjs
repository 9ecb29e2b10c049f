// Builds the image's file trees without a Docker engine: each stage is a folder into which COPY copies and in which RUN runs.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { runInRoot } from './namespace.mjs';

/**
 * Runs the steps of all stages, in folders of these names below `folder`; each is what Docker would add to the base image.
 * @param {import('./dockerfile.mjs').Stage[]} stages
 * @param {{ context: string, folder: string, node: string, say: (sentence: string) => void }} options
 * @returns {string} the folder of the last stage
 */
export function buildStages(stages, options) {
  const context = join(options.folder, 'context');
  copyContext(options.context, context);
  const folderOf = (name) => join(options.folder, 'stages', name);
  for (const { name, steps } of stages) {
    mkdirSync(folderOf(name), { recursive: true });
    let workdir = '/';
    for (const { keyword, text, flags } of steps) {
      const stage = { root: folderOf(name), workdir };
      if (keyword === 'WORKDIR') {
        workdir = posix.resolve(workdir, text);
        mkdirSync(join(stage.root, workdir), { recursive: true });
      }
      if (keyword === 'COPY') copy(text, flags.from ? folderOf(flags.from) : context, stage);
      if (keyword === 'RUN') run(text, stage, options);
    }
  }
  return folderOf(stages.at(-1).name);
}

function run(command, { root, workdir }, { node, say }) {
  const startedAtMs = performance.now();
  const { status, output } = runInRoot({ root, workdir, node, command: ['/bin/sh', '-c', command] });
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}:\n${output}`);
  say(`RUN ${command}: done in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
}

/** COPY as Docker does it: the content of a folder, but a file under its own name; everything belongs to root. */
function copy(text, from, { root, workdir }) {
  const names = text.split(/\s+/);
  const target = names.pop();
  const destination = join(root, posix.resolve(workdir, target));
  for (const name of names) {
    const source = join(from, name);
    if (!existsSync(source)) throw new Error(`COPY ${text}: there is no ${name}, or .dockerignore hides it`);
    const isFolder = readdirOrNone(source) !== undefined;
    const isInto = !isFolder && (target.endsWith('/') || names.length > 1);
    cpSync(source, isInto ? join(destination, basename(name)) : destination, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

/** The build context: what .dockerignore leaves of the project. */
function copyContext(from, to) {
  const { isIgnored, mayHoldMore } = ignoreRules(readFileSync(join(from, '.dockerignore'), 'utf8'));
  const walk = (folder) => {
    for (const entry of readdirSync(join(from, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (isIgnored(path) && !mayHoldMore(path)) continue;
      if (['node_modules', '.git', 'dist'].includes(entry.name))
        throw new Error(`.dockerignore lets ${path} into the image`);
      if (entry.isDirectory()) walk(path);
      else {
        mkdirSync(join(to, dirname(path)), { recursive: true });
        cpSync(join(from, path), join(to, path));
        chmodSync(join(to, path), 0o644);
      }
    }
  };
  walk('');
}

/** The last rule that matches a path or a folder above it decides. */
function ignoreRules(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => {
      const hides = !line.startsWith('!');
      return { hides, shows: hides ? undefined : line.slice(1), pattern: globOf(line.replace(/^!/, '')) };
    });
  return {
    isIgnored: (path) => rules.findLast(({ pattern }) => pattern.test(path))?.hides ?? false,
    mayHoldMore: (path) => rules.some(({ shows }) => shows?.startsWith(`${path}/`)),
  };
}

function globOf(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const pattern = escaped.replaceAll('**/', '(?:.*/)?').replace(/(?<![.)])\*/g, '[^/]*');
  return new RegExp(`^${pattern}(?:/.*)?$`);
}

function readdirOrNone(path) {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

/** The size of a folder in bytes, as `du` counts it. */
export function sizeOf(folder) {
  const { stdout } = spawnSync('du', ['-sb', folder], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}
