// Namespaces of the Linux kernel, which is what a container is made of: file tree, processes and network of its own.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../bench/children.mjs';

const OUTPUT_LIMIT = 64 << 20;
/** Not a shell: what the first line of a script names. */
const ENV = '/usr/bin/env';
const NODE = '/usr/local/bin/node';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const TOOLS = ['unshare', 'nsenter', 'setpriv', 'mount', 'ldd', 'ip'];
const SYSTEM_FOLDERS = ['usr', 'etc', 'bin', 'sbin', 'lib', 'lib64'];
const DEVICES = ['null', 'zero', 'random', 'urandom'];
/** What npm needs to know of this machine to reach its registry. */
const REGISTRY_VARIABLES =
  /^(?:npm_config_(?:registry|cafile|.*proxy)|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;

/** Why no namespace can be made here; undefined where it can. */
export function namespaceProblem() {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid() !== 0) return 'this user is not root';
  const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (missing.length > 0)
    return `${missing.join(', ')} cannot be found (Debian: apt-get install util-linux iproute2)`;
  const { status, stderr } = spawnSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `the kernel refuses: ${stderr.trim()}`;
}

/** Runs a command as root in a folder as `/`, over this machine's programs; its own files are all that it can change. */
export function runInRoot({ root, workdir, node, command }) {
  const npmCache = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim();
  mkdirSync(npmCache, { recursive: true });
  const system = SYSTEM_FOLDERS.filter((name) => existsSync(`/${name}`));
  const links = system.filter((name) => lstatSync(`/${name}`).isSymbolicLink());
  const bound = system.filter((name) => !links.includes(name));
  const mountPoints = [...bound, 'proc', 'dev', 'tmp', 'opt/node', 'root/.npm'];
  for (const name of links) symlinkSync(readlinkSync(`/${name}`), join(root, name));
  for (const name of mountPoints) mkdirSync(join(root, name), { recursive: true });
  const mounts = [
    ...bound.map((name) => `mount -o bind,ro /${name} "$ROOT/${name}"`),
    `mount -o bind,ro "${dirname(node)}" "$ROOT/opt/node"`,
    `mount --bind "${npmCache}" "$ROOT/root/.npm"`,
    'mount --rbind /dev "$ROOT/dev"',
    'mount -t proc proc "$ROOT/proc"',
    'mount -t tmpfs tmpfs "$ROOT/tmp"',
  ];
  const enter = ['unshare', `--root=${root}`, `--wd=${workdir}`];
  const [file, ...args] = inNamespaces(['--mount', '--pid'], mounts, root, [...enter, ...command]);
  const passed = Object.entries(process.env).filter(([name]) => REGISTRY_VARIABLES.test(name));
  const env = { ...Object.fromEntries(passed), HOME: '/root', PATH: `/opt/node:${PATH}` };
  const options = { env, encoding: 'utf8', maxBuffer: OUTPUT_LIMIT };
  const { status, stdout, stderr } = spawnSync(file, args, options);
  // Only what the command made stays.
  for (const name of links) unlinkSync(join(root, name));
  for (const name of [...mountPoints, 'opt', 'root']) removeIfEmpty(join(root, name));
  return { status, output: stdout + stderr };
}

/**
 * Starts a command as the first process of a container: the files of the image, Node with its libraries, `env` and nothing else,
 * all of it read-only but the volume; no privileges, and a network of its own.
 * @param {{ root: string, node: string, volume: string, mountPoint: string, workdir: string, user: string, env: Record<string, string>, command: string[] }} options
 */
export async function startContainer({ root, node, volume, mountPoint, workdir, user, env, command }) {
  const [uid, gid] = user.split(':');
  const files = [[node, NODE], [ENV, ENV], ...librariesOf(node).map((path) => [realpathSync(path), path])];
  for (const [, path] of files) emptyFile(join(root, path));
  for (const name of ['proc', 'dev', 'etc', mountPoint]) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  const mounts = [
    'mount --bind "$ROOT" "$ROOT"',
    ...files.map(([from, to]) => `mount -o bind,ro "${from}" "$ROOT${to}"`),
    'mount -t tmpfs -o mode=0755 tmpfs "$ROOT/dev"',
    ...DEVICES.map((name) => `touch "$ROOT/dev/${name}"; mount --bind /dev/${name} "$ROOT/dev/${name}"`),
    'mount -t proc proc "$ROOT/proc"',
    `mount --bind "${volume}" "$ROOT${mountPoint}"`,
    'mount -o remount,bind,ro "$ROOT"',
    'ip link set lo up',
  ];
  const enter = [
    'setpriv',
    '--no-new-privs',
    'unshare',
    `--root=${root}`,
    `--wd=${workdir}`,
    `--setgid=${gid}`,
    `--setuid=${uid}`,
  ];
  const [file, ...args] = inNamespaces(['--mount', '--pid', '--net'], mounts, root, [...enter, ...command]);
  const child = startChild(file, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  const pid = await firstProcess(child, command[0], () => output);
  return {
    pid,
    exited,
    output: () => output,
    signal: (name) => process.kill(pid, name),
    /** As `docker exec` does. */
    exec: (words) => {
      const into = [
        `--target=${pid}`,
        '--mount',
        '--pid',
        '--net',
        '--root',
        `--wd=/proc/${pid}/cwd`,
        `--setgid=${gid}`,
        `--setuid=${uid}`,
      ];
      const result = spawnSync('/usr/bin/nsenter', [...into, ...words], {
        env: { PATH, ...env },
        encoding: 'utf8',
      });
      return { status: result.status, stdout: result.stdout, stderr: result.stderr ?? String(result.error) };
    },
  };
}

function inNamespaces(kinds, mounts, root, command) {
  const script = [`ROOT="${root}"`, ...mounts, 'exec "$@"'].join('\n');
  return [
    'unshare',
    ...kinds,
    '--fork',
    '--kill-child',
    '--propagation=private',
    '/bin/sh',
    '-ec',
    script,
    'sh',
    ...command,
  ];
}

/** Resolves to the process id, as this machine counts, of the command that a namespace was made for. */
async function firstProcess(child, name, output) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break;
    const [pid] = (read(`/proc/${child.pid}/task/${child.pid}/children`) ?? '').split(' ').filter(Boolean);
    if (pid && (read(`/proc/${pid}/cmdline`) ?? '').startsWith(`${name}\0`)) return Number(pid);
    await sleep(20);
  }
  throw new Error(`the container's first process did not start:\n${output()}`);
}

function librariesOf(program) {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
}

function emptyFile(path) {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) copyFileSync('/dev/null', path);
}

function removeIfEmpty(path) {
  if (readdirSync(path).length === 0) rmdirSync(path);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
