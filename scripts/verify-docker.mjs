// Proves the image where there is a Docker engine: npm run verify:docker
// Builds it as docs/deployment.md says, starts it without privileges on a read-only file tree, gets a token from it, stops and starts
// it again on the same volume, and then starts it as docker-compose.yml does, on PostgreSQL.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkPages, checkToken, registerClient } from './package/answers.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
const IMAGE = 'stagedoor:verify';
const NAME = `stagedoor-verify-${process.pid}`;
/** The image names it as its issuer, and docker-compose.yml publishes it. */
const ISSUER = 'http://localhost:8080';
const ADMIN = { username: 'admin', password: randomBytes(16).toString('hex') };
const START_LIMIT_MS = 120_000;
const RUN = [
  '--env',
  `OAUTH2_ADMIN_PASSWORD=${ADMIN.password}`,
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--publish',
  '8080:8080',
];

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-docker-'));
const envFile = join(folder, 'env');
try {
  await verify();
} catch (error) {
  process.stderr.write(`stagedoor docker: ${error.name === 'Error' ? error.message : error.stack}\n`);
  process.exitCode = 1;
} finally {
  for (const args of [
    ['rm', '--force', '--volumes', NAME],
    ['volume', 'rm', '--force', NAME],
    compose('down', '--volumes'),
  ])
    spawnSync('docker', args, { cwd: PROJECT, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

async function verify() {
  const { status, stderr } = spawnSync('docker', ['info'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a Docker engine is needed: ${stderr.trim()}`);
  writeFileSync(envFile, secrets(), { mode: 0o600 });
  docker('build', '--tag', IMAGE, '.');
  const said = docker('run', '--rm', IMAGE, '--version').trim();
  insist(said === version, `the image says that it is ${said}, and package.json ${version}`);
  say(`built the image of ${version}`);
  await checkContainer();
  await checkCompose();
}

async function checkContainer() {
  docker('run', '--detach', '--name', NAME, '--volume', `${NAME}:/data`, ...RUN, IMAGE);
  await untilHealthy();
  await checkAnswers(await registerClient(ISSUER));
  say(`docker run: healthy by its own check, and a token from ${ISSUER}`);
  docker('stop', '-t', '25', NAME);
  const code = docker('inspect', '--format', '{{.State.ExitCode}}', NAME).trim();
  insist(code === '0', `docker stop ended it with ${code}`);
  docker('start', NAME);
  await untilHealthy();
  const log = docker('logs', NAME);
  docker('rm', '--force', NAME);
  insist(!log.includes(ADMIN.password), 'the log has the password of the admin');
  say('docker stop: drained and ended with 0; it starts again on its volume');
}

async function checkCompose() {
  docker(...compose('up', '--detach', '--wait', '--no-build', 'stagedoor'));
  const add = [
    'stagedoor',
    'clients',
    'add',
    'Proof',
    '--grant-type',
    'client_credentials',
    '--scope',
    'read',
  ];
  const added = docker(...compose('exec', '--no-TTY', 'stagedoor', ...add));
  const field = (name) => new RegExp(`^${name}: (\\S+)`, 'm').exec(added)?.[1];
  await checkAnswers({ client_id: field('client_id'), client_secret: field('client_secret') });
  say('docker compose up: migrated, healthy on PostgreSQL, and a token');
}

async function untilHealthy() {
  const end = performance.now() + START_LIMIT_MS;
  for (;;) {
    const health = docker('inspect', '--format', '{{.State.Status}} {{.State.Health.Status}}', NAME).trim();
    if (health === 'running healthy') return;
    const isHopeless = !health.startsWith('running') || performance.now() > end;
    insist(!isHopeless, `the container is ${health}:\n${docker('logs', NAME)}`);
    await sleep(500);
  }
}

async function checkAnswers(client) {
  await checkPages(ISSUER, { ...ADMIN, version });
  await checkToken(ISSUER, client);
}

function compose(...words) {
  return ['compose', '--project-name', NAME, '--env-file', envFile, ...words];
}

function docker(...args) {
  const env = { ...process.env, STAGEDOOR_IMAGE: IMAGE };
  const { status, stdout, stderr, error } = spawnSync('docker', args, {
    cwd: PROJECT,
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`docker ${args[0]} failed:\n${error?.message ?? stdout + stderr}`);
  return stdout;
}

/** What .env.example asks for. */
function secrets() {
  const random = () => randomBytes(24).toString('hex');
  const names = [...readFileSync(join(PROJECT, '.env.example'), 'utf8').matchAll(/^(\w+)=$/gm)];
  const lines = names.map(
    ([, name]) => `${name}=${name === 'OAUTH2_ADMIN_PASSWORD' ? ADMIN.password : random()}`,
  );
  return `${lines.join('\n')}\nOAUTH2_ISSUER=${ISSUER}\n`;
}

function insist(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
