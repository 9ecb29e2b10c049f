import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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

/**
 * The release before this one, compiled once. Its sources are kept beside this file, because a clone need not have the history:
 * git archive COMMIT src migrations package.json tsconfig.json tsconfig.browser.json | gzip -9n > previous-release.tgz
 */
export function previousRelease(): Release {
  const sources = fileURLToPath(new URL('previous-release.tgz', import.meta.url));
  const folder = join(CACHE, createHash('sha256').update(readFileSync(sources)).digest('hex'));
  if (!existsSync(folder)) {
    const draft = newDraft();
    try {
      execFileSync('tar', ['-xzf', sources], { cwd: draft });
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

/** What of the panel's scripts a server reads at its start is compiled too. */
function compile(folder: string): void {
  for (const project of ['tsconfig.json', 'tsconfig.browser.json']) {
    const args = [resolve('node_modules/typescript/bin/tsc'), '-p', project, '--outDir', 'dist'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the previous release does not compile:\n${stdout}`);
  }
}
