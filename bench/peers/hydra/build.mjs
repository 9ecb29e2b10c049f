// Builds Ory Hydra from its Go module, once, into .cache/hydra: there is no other way that needs only a toolchain.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Unavailable } from '../../subjects/unavailable.mjs';
import { run } from '../../processes.mjs';

const MODULE = 'github.com/ory/hydra/v2';
const GO_MOD = fileURLToPath(new URL('go.mod', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../../.cache/hydra/', import.meta.url));

/**
 * Resolves to the binary and its version.
 * @returns {Promise<{ binary: string, version: string }>}
 */
export async function buildHydra() {
  const version = new RegExp(`^require ${MODULE} (\\S+)$`, 'm').exec(readFileSync(GO_MOD, 'utf8'))[1];
  const binary = join(FOLDER, `hydra-${version}`);
  if (!existsSync(binary)) await build(binary, version);
  return { binary, version };
}

async function build(binary, version) {
  await requireGo();
  console.error(`building Ory Hydra ${version}, which takes some minutes …`);
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(GO_MOD, join(FOLDER, 'go.mod')); // a copy, which the build completes with what it resolved
  const unfinished = `${binary}.unfinished`;
  const flags = ['-mod=mod', '-trimpath', `-ldflags=-s -w -X ${MODULE}/driver/config.Version=${version}`];
  try {
    await run('go', ['build', ...flags, '-o', unfinished, MODULE], { cwd: FOLDER });
  } catch (cause) {
    throw new Unavailable(`Ory Hydra ${version} could not be built: ${lastLines(cause.message)}`);
  }
  renameSync(unfinished, binary);
}

async function requireGo() {
  try {
    await run('go', ['version']);
  } catch (error) {
    throw new Unavailable(
      error.code === 'ENOENT' ? 'there is no Go toolchain to build it with' : error.message,
    );
  }
}

function lastLines(text) {
  return text.trim().split('\n').slice(-5).join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await buildHydra()).binary);
