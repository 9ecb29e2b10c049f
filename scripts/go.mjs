// Programs and files that Go modules have, where Go is installed: its command fetches and checks them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../.cache/bin/', import.meta.url));

export function hasGo() {
  return spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
}

/** The folder of a module as `name@version`; undefined without Go, or where the module cannot be fetched. */
export function goModule(module) {
  const { status, stdout } = go(['mod', 'download', '-json', module]);
  return status === 0 ? JSON.parse(stdout).Dir : undefined;
}

/** The path of a program, installed from `package@version` where it is missing. Needs Go then. */
export function goProgram(name, source, say) {
  const [, version] = source.split('@');
  const folder = join(BIN, version);
  const file = join(folder, name);
  if (existsSync(file)) return file;
  say(`installing ${name} ${version} (go install) …`);
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = go(['install', source], { GOBIN: folder });
  if (status !== 0) throw new Error(`go install ${source} failed:\n${stderr}`);
  return file;
}

function go(args, env = {}) {
  // Outside of any module, and with the Go that is here.
  return spawnSync('go', args, {
    cwd: '/',
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  });
}
