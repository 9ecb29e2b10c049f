// Proves the image where there is no Docker engine: npm run verify:image [-- --static]
// --static builds nothing.
// Checks the Dockerfile, runs the steps of its stages in folders of their own, and starts what the last stage has as a container
// is started: as process 1 of its own namespaces, without privileges, on a read-only file tree that has no shell.
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChildren } from '../bench/children.mjs';
import { ending } from '../bench/ending.mjs';
import { buildStages, sizeOf } from './image/build.mjs';
import { composeProblems } from './image/compose.mjs';
import { execForm, pairsOf, problemsOf, readStages } from './image/dockerfile.mjs';
import { checkContainer } from './image/container.mjs';
import { namespaceProblem } from './image/namespace.mjs';
import { nodeOfMajor } from './node-binary.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const DOCKERFILE = readFileSync(join(PROJECT, 'Dockerfile'), 'utf8');

const isStatic = process.argv.includes('--static');
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-image-'));
const { leave, cleanUp } = ending('image');
cleanUp(async () => {
  await endChildren();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 }); // a container may just be ending
});
try {
  await verify();
  await leave(0);
} catch (error) {
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

async function verify() {
  const problems = problemsOf(DOCKERFILE);
  insist(problems.length === 0, `the Dockerfile:\n  ${problems.join('\n  ')}`);
  const stages = readStages(DOCKERFILE);
  say(`the Dockerfile's ${stages.length} stages and their form are right`);
  checkVersion(stages.at(-1));
  checkPlatforms();
  checkCompose();
  if (isStatic) return say('NOT TRIED: building and running it (npm run verify:image)');
  const problem = namespaceProblem();
  if (problem !== undefined)
    return say(`NOT PROVED that it builds and runs: no namespaces, because ${problem}`);

  const [, major] = /^node:(\d+)/.exec(stages[0].steps[0].text);
  const node = nodeOfMajor(major);
  const root = buildStages(stages, { context: PROJECT, folder, node, say });
  checkTree(root);
  await checkContainer({ ...imageOf(stages.at(-1), root), node }, say);
}

function checkVersion({ steps }) {
  const label = pairsOf(steps.find(({ keyword }) => keyword === 'LABEL').text)[
    'org.opencontainers.image.version'
  ];
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  insist(label === version, `the Dockerfile's ARG VERSION is ${label}, and the version ${version}`);
}

/** The packages are installed once for all platforms, so none may be made for one. */
function checkPlatforms() {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const bound = Object.entries(packages)
    .filter(([, { dev, os, cpu, libc }]) => !dev && (os ?? cpu ?? libc) !== undefined)
    .map(([path]) => path);
  insist(
    bound.length === 0,
    `packages of one platform, which the image would have on all: ${bound.join(', ')}`,
  );
}

function checkCompose() {
  const { problems, schemaKnown } = composeProblems(PROJECT);
  insist(problems.length === 0, `docker-compose.yml:\n  ${problems.join('\n  ')}`);
  const by = schemaKnown
    ? "by Compose's own schema"
    : "NOT PROVED by Compose's schema, which takes Go to fetch";
  say(`docker-compose.yml is right (${by}), and has no default secret`);
}

function checkTree(root) {
  const modules = join(root, 'app/node_modules');
  insist(!existsSync(join(modules, 'typescript')), 'the image has packages of development');
  const writable = filesBelow(join(root, 'app')).filter((path) => {
    const stats = lstatSync(path);
    return !stats.isSymbolicLink() && (stats.uid !== 0 || (stats.mode & 0o022) !== 0);
  });
  insist(
    writable.length === 0,
    `the server could change its own program: ${writable.slice(0, 5).join(', ')}`,
  );
  say(
    `the image adds ${Math.round(sizeOf(root) / 1e6)} MB to the base image; no file of the program is the server's to change`,
  );
}

/** What the last stage says of how it is run, and a volume as Docker makes one: it takes the owner from the image. */
function imageOf({ steps }, root) {
  const last = (keyword) => steps.findLast((step) => step.keyword === keyword).text;
  const [mountPoint] = JSON.parse(last('VOLUME'));
  const volume = join(folder, 'volume');
  mkdirSync(volume);
  const { uid, gid, mode } = lstatSync(join(root, mountPoint));
  insist(
    `${uid}:${gid}` === last('USER') && (mode & 0o777) === 0o700,
    `${mountPoint} is not the server's alone`,
  );
  chownSync(volume, uid, gid);
  chmodSync(volume, 0o700);
  return {
    root,
    volume,
    mountPoint,
    workdir: last('WORKDIR'),
    user: last('USER'),
    env: pairsOf(last('ENV')),
    entrypoint: execForm(last('ENTRYPOINT')),
    command: execForm(last('CMD')),
    health: execForm(last('HEALTHCHECK')),
  };
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
}

function insist(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
