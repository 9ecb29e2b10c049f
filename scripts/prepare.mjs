// Makes a fresh clone ready: packages installed, sources compiled and, with --test, a Chromium at hand.
// Every npm script starts with it, so it uses Node built-ins only, and is silent and quick when nothing is to be
// done. It is not a "pre" script, because npm skips those where the user has set ignore-scripts.
//   (no flag)  packages and build      --install  packages only
//   --rebuild  build even when fresh   --test     packages, build, and a browser and a PostgreSQL for the tests
//   --run FILE [ARGUMENT…]             afterwards runs FILE in this very process, which so receives the signals
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = inRoot('package-lock.json');
const INSTALLED_LOCK = inRoot('node_modules/.package-lock.json');
const COMPILER = inRoot('node_modules/typescript/bin/tsc');
const DIST = inRoot('dist');
const STAMP = join(DIST, '.sources');
const SOURCES = ['src', 'migrations'];
const ORPHAN_CHECK_INTERVAL_MS = 250;
/** The server, and the control panel's scripts, which know the browser's types and not Node's. */
const PROJECTS = ['tsconfig.json', 'tsconfig.browser.json'];
const BUILD_SETTINGS = ['package.json', 'package-lock.json', ...PROJECTS];

class CannotPrepare extends Error {}

const [flags, command] = splitAt(process.argv.slice(2), '--run');
try {
  await prepare(flags);
} catch (error) {
  say(error instanceof CannotPrepare ? error.message : error.stack);
  process.exit(1);
}
if (command.length > 0) run(...command);

async function prepare(flags) {
  requireNode();
  if (!arePackagesInstalled()) installPackages();
  if (flags.includes('--install')) return;
  if (flags.includes('--rebuild') || !isBuildFresh()) build();
  if (!flags.includes('--test')) return;
  const { requireTestPrograms } = await import('./test-programs.mjs'); // the image is built without it
  try {
    requireTestPrograms(say);
  } catch (error) {
    throw new CannotPrepare(error.message);
  }
}

function run(file, ...args) {
  const script = inRoot(file);
  process.argv.splice(1, Infinity, script, ...args);
  if (process.env.npm_lifecycle_event) endWithParent();
  void import(pathToFileURL(script).href);
}

/** npm sends a SIGTERM on to its shell, which dies of it without telling us. Being orphaned says the same. */
function endWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, ORPHAN_CHECK_INTERVAL_MS);
  watch.unref();
  // A signal that reached us needs no second one, which would cut the drain short.
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => clearInterval(watch));
}

function requireNode() {
  const { engines } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const wanted = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const found = process.versions.node.split('.').map(Number);
  if (found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])) return;
  throw new CannotPrepare(
    `Stagedoor needs Node.js ${wanted.join('.')} or newer; this is ${process.version}.`,
  );
}

function arePackagesInstalled() {
  if (!existsSync(LOCK)) return true; // an installed package, not a clone
  if (!existsSync(INSTALLED_LOCK)) return false;
  if (statSync(INSTALLED_LOCK).mtimeMs >= statSync(LOCK).mtimeMs) return true;
  return hasSamePackages(); // a checkout touches the lock file without changing it
}

function hasSamePackages() {
  const wanted = JSON.parse(readFileSync(LOCK, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(INSTALLED_LOCK, 'utf8')).packages;
  const isSatisfied = ([path, entry]) =>
    installed[path] ? JSON.stringify(installed[path]) === JSON.stringify(entry) : entry.optional === true;
  return (
    Object.entries(wanted).every(([path, entry]) => path === '' || isSatisfied([path, entry])) &&
    Object.keys(installed).every((path) => path in wanted)
  );
}

function installPackages() {
  say('installing packages (npm ci) …');
  // The compiler is needed even under NODE_ENV=production. No package needs its install script.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const viaNode = npm && npm.endsWith('npm-cli.js');
  const { status, error } = viaNode
    ? spawnSync(process.execPath, [npm, ...args], { cwd: ROOT, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: ROOT, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) throw new CannotPrepare(`npm ci failed${error ? `: ${error.message}` : '; see above.'}`);
}

function isBuildFresh() {
  if (!existsSync(inRoot('src'))) return true; // an installed package ships dist without its sources
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprintSources();
}

/** Names, sizes and times of all sources: changes when one is edited, added, renamed or deleted. */
function fingerprintSources() {
  const files = SOURCES.filter((folder) => existsSync(inRoot(folder))).flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true }).map((file) => join(folder, file)),
  );
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of [...files, ...BUILD_SETTINGS].sort()) {
    const stats = statSync(inRoot(file));
    if (stats.isFile()) hash.update(`${file}\0${stats.size}\0${stats.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Compiles beside dist and swaps the folders, so that a running server never sees half a build. */
function build() {
  if (!existsSync(COMPILER)) installPackages(); // installed with --omit=dev
  say('compiling …');
  removeAbandonedBuilds();
  const fingerprint = fingerprintSources(); // before compiling: an edit made meanwhile must not look built
  const fresh = inRoot(`dist-${process.pid}`);
  try {
    for (const project of PROJECTS) compile(project, fresh);
    writeFileSync(join(fresh, '.sources'), fingerprint);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(fresh, DIST);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function compile(project, folder) {
  const args = [COMPILER, '-p', project, '--outDir', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new CannotPrepare(`the build failed:\n${stdout}${stderr}`);
}

function removeAbandonedBuilds() {
  for (const name of readdirSync(ROOT)) {
    const pid = /^dist-(\d+)$/.exec(name);
    if (pid && !isRunning(Number(pid[1]))) rmSync(inRoot(name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function splitAt(words, separator) {
  const at = words.indexOf(separator);
  return at === -1 ? [words, []] : [words.slice(0, at), words.slice(at + 1)];
}

function inRoot(path) {
  return join(ROOT, path);
}

function say(sentence) {
  process.stderr.write(`stagedoor: ${sentence}\n`);
}
