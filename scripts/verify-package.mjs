// Proves the npm package: npm run verify:package
// Packs it as a release does, looks at what is in it, installs it into an empty folder without packages of development and without
// install scripts, and runs what was installed: its command, a server on the embedded database, a token, its pages and scripts.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChildren, startChild } from '../bench/children.mjs';
import { ending } from '../bench/ending.mjs';
import { freePort } from './free-port.mjs';
import { checkPages, checkToken, registerClient } from './package/answers.mjs';
import { billOfMaterials, pack } from './release/package.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
const START_LIMIT_MS = 240_000;
/** All that the archive may have. */
const ALLOWED =
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(?:src|migrations)\/.+\.js(?:\.map)?)$/;
const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', MANIFEST.bin.stagedoor];
const ADMIN = { username: 'admin', password: randomBytes(16).toString('hex') };

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-package-'));
const { leave, cleanUp } = ending('package');
cleanUp(async () => {
  await endChildren();
  rmSync(folder, { recursive: true, force: true });
});
try {
  await verify();
  await leave(0);
} catch (error) {
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

async function verify() {
  const archive = pack(folder);
  checkContent(archive);
  const home = install(archive.file);
  const installed = join(home, 'node_modules/stagedoor');
  checkImports(join(installed, 'dist'));
  checkBill(home);
  const version = run('npx', ['--no-install', 'stagedoor', '--version'], home).trim();
  insist(
    version === MANIFEST.version,
    `stagedoor --version says ${version}, and package.json ${MANIFEST.version}`,
  );
  say(`npx stagedoor --version: ${version}`);
  await checkServer(join(home, 'node_modules/.bin/stagedoor'), home);
}

function checkContent({ paths, bytes }) {
  const odd = paths.filter((path) => !ALLOWED.test(path));
  insist(odd.length === 0, `the package has what is not the server's: ${odd.slice(0, 5).join(', ')}`);
  const missing = REQUIRED.filter((path) => !paths.includes(path));
  insist(missing.length === 0, `the package lacks ${missing.join(', ')}`);
  insist(MANIFEST.private !== true, 'package.json says that the package is private');
  insist(MANIFEST.publishConfig.provenance === true, 'it could be published without provenance');
  say(
    `${paths.length} files, ${Math.round(bytes / 1000)} kB: the built server, nothing of its sources or tests`,
  );
}

function install(file) {
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  const startedAtMs = performance.now();
  run(
    'npm',
    ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', file],
    home,
  );
  const modules = join(home, 'node_modules');
  const tools = Object.keys(MANIFEST.devDependencies).filter((name) => existsSync(join(modules, name)));
  const known = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')).packages;
  const odd = tools.filter((name) => known[`node_modules/${name}`].dev === true);
  insist(odd.length === 0, `packages of development were installed: ${odd.join(', ')}`);
  say(`installed into an empty folder, without install scripts, in ${seconds(startedAtMs)} s`);
  return home;
}

/** What happens to be installed because another package needs it may be gone with that package's next version. */
function checkImports(dist) {
  const names = new Set();
  for (const name of readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.js'))) {
    const text = readFileSync(join(dist, name), 'utf8');
    for (const [, specifier] of text.matchAll(
      /(?:\bfrom |\bimport |\bimport\(|\)\(|\bresolve\()'([^'./][^']*)'/g,
    ))
      names.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)[0]);
  }
  const packages = [...names].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  const undeclared = packages.filter((name) => !(name in MANIFEST.dependencies));
  insist(
    undeclared.length === 0,
    `the server imports ${undeclared.join(', ')}, which no dependency declares`,
  );
  const unused = Object.keys(MANIFEST.dependencies).filter((name) => !packages.includes(name));
  insist(unused.length === 0, `the server never imports ${unused.join(', ')}, which it depends on`);
  say(`the server imports ${packages.length} packages, all of them declared, and declares no other`);
}

/** Versions may be newer than those of the lock file, but not the packages others. */
function checkBill(home) {
  const { components } = billOfMaterials();
  const named = new Set(
    components.map(({ 'bom-ref': reference }) => reference.slice(0, reference.lastIndexOf('@'))),
  );
  const { packages } = JSON.parse(readFileSync(join(home, 'node_modules/.package-lock.json'), 'utf8'));
  const names = Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13));
  const unnamed = names.filter((name) => name !== 'stagedoor' && !named.has(name));
  insist(unnamed.length === 0, `the bill of materials lacks ${unnamed.join(', ')}`);
  say(`the bill of materials names ${components.length} packages, among them all that were installed`);
}

async function checkServer(program, home) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH,
    OAUTH2_SERVER_PORT: String(port),
    OAUTH2_ISSUER: issuer,
    OAUTH2_DATA_DIR: join(home, 'data'),
    OAUTH2_ADMIN_PASSWORD: ADMIN.password,
  };
  const startedAtMs = performance.now();
  const server = startChild(program, ['serve'], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise((resolve) => server.once('close', resolve));
  await untilReady(issuer, server, () => output);
  say(`stagedoor serve: ready on the embedded database in ${seconds(startedAtMs)} s`);
  await checkToken(issuer, await registerClient(issuer));
  say('a client was registered, got a token, and had it introspected');
  const assets = await checkPages(issuer, { ...ADMIN, version: MANIFEST.version });
  say(`login page, control panel and Swagger UI with their ${assets} styles and scripts are served`);
  server.kill('SIGTERM');
  const status = await exited;
  insist(status === 0, `SIGTERM ended it with ${status}:\n${output}`);
  say('SIGTERM: drained and ended with 0');
}

async function untilReady(issuer, server, output) {
  const end = performance.now() + START_LIMIT_MS;
  for (;;) {
    const isReady = await fetch(`${issuer}/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    insist(server.exitCode === null && performance.now() < end, `the server is not ready:\n${output()}`);
    await sleep(100);
  }
}

function run(file, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`${file} ${args[0]} failed:\n${error?.message ?? stdout + stderr}`);
  return stdout;
}

function seconds(startedAtMs) {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1);
}

function insist(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
