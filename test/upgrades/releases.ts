import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Below node_modules, so that what lies there finds the packages of this checkout. */
const CACHE = resolve('node_modules/.cache/stagedoor-releases');

/** Another release of Stagedoor, compiled. */
export interface Release {
  /** Its command line. */
  readonly cli: string;
}

/** This checkout, as startServer and runCli have it. */
export const THIS_RELEASE: Release = { cli: resolve('dist/src/cli.js') };

/** The release before this one, as test/upgrades/previous-release.json names it: taken from the history and compiled once. */
export function previousRelease(): Release {
  const file = fileURLToPath(new URL('previous-release.json', import.meta.url));
  const { commit } = JSON.parse(readFileSync(file, 'utf8')) as { commit: string };
  const folder = join(CACHE, commit);
  if (!existsSync(folder)) {
    const draft = newDraft();
    try {
      writeFileSync(join(draft, 'sources.tar'), archiveOf(commit), {});
      execFileSync('tar', ['-xf', 'sources.tar'], { cwd: draft });
      compile(draft);
      // It takes the name only when complete; a rival may have been faster.
      if (!existsSync(folder)) renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return { cli: join(folder, 'dist/src/cli.js') };
}

/**
 * This checkout with further migrations behind its own, as a later release would have them: `code` is the list of them, in
 * JavaScript.
 */
export function laterRelease(code: string): Release & { remove(): void } {
  const folder = newDraft();
  cpSync(resolve('dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (source) => !source.includes('.compile-cache'),
  });
  cpSync(resolve('package.json'), join(folder, 'package.json'));
  const list = join(folder, 'dist/src/database/migrations.js');
  const later = `
const LATER = ${code};
MIGRATIONS.push(...LATER);
`;
  const own = readFileSync(list, 'utf8').replace(
    /export const NEWEST_MIGRATION = .*;/,
    `${later}export const NEWEST_MIGRATION = MIGRATIONS.at(-1).name;`,
  );
  if (!own.includes(later)) throw new Error('the list of migrations is not as expected');
  writeFileSync(list, own);
  return {
    cli: join(folder, 'dist/src/cli.js'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newDraft(): string {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(join(CACHE, 'draft-'));
}

function archiveOf(commit: string): Buffer {
  const paths = ['src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.browser.json'];
  const { status, stdout, stderr } = spawnSync('git', ['archive', commit, ...paths], { maxBuffer: 64 << 20 });
  if (status === 0) return stdout;
  throw new Error(
    `The previous release is commit ${commit}, which this clone's history does not reach (${stderr.toString().trim()}). ` +
      'Fetch all of it: git fetch --unshallow.',
  );
}

/** What of the panel's scripts a server reads at its start is compiled too. */
function compile(folder: string): void {
  for (const project of ['tsconfig.json', 'tsconfig.browser.json']) {
    const args = [resolve('node_modules/typescript/bin/tsc'), '-p', project, '--outDir', 'dist'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the previous release does not compile:\n${stdout}`);
  }
}
