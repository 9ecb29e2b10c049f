import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Another process holds the data folder. */
export class FolderInUse extends Error {
  constructor(folder: string, pid: string | undefined) {
    super(
      `The data folder ${folder} is in use by another Stagedoor process${pid === undefined ? '' : ` (process id ${pid})`}. ` +
        'The embedded database serves one process at a time: stop that one first, ' +
        'or point OAUTH2_DATABASE_URL at a PostgreSQL server, which serves many.',
    );
    this.name = 'FolderInUse';
  }
}

/** Long enough for a rival that saw the same stale lock to have moved ours, if it is going to. */
const SETTLE_MS = 150;

export interface FolderLock {
  /** False once the folder was removed or moved away under us: what is written from then on is lost. */
  isIntact(): boolean;
  release(): void;
}

/**
 * Locks a folder for this process by listening on a socket in it. The kernel closes the socket when the process ends,
 * however it ends; the file that stays is recognised as stale because nobody answers. Throws FolderInUse.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pidFile = join(folder, 'pid');
  const place = new SocketPlace(folder);
  try {
    const held = await (process.platform === 'win32' ? holdPipe(place) : holdSocket(place, resolve(folder)));
    if (!held) throw new FolderInUse(resolve(folder), readPid(pidFile));
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
    return {
      isIntact: () => held.isIntact(),
      release: () => {
        rmSync(pidFile, { force: true });
        held.release();
        place.close();
      },
    };
  } catch (error) {
    place.close();
    throw error;
  }
}

interface Held {
  isIntact(): boolean;
  release(): void;
}

/**
 * Listens under a name of its own and links that to the name all contend for, which only one can: a name that is taken is
 * never removed, only moved aside once nobody answers there. Undefined if another process holds the folder.
 */
async function holdSocket(place: SocketPlace, folder: string): Promise<Held | undefined> {
  const own = place.path(`lock.${randomBytes(6).toString('hex')}`);
  const lock = place.path('lock');
  const server = await listenOn(own);
  const mine = statSync(own).ino;
  const release = () => {
    if (inodeOf(lock) === mine) rmSync(lock, { force: true });
    // Removes the name of its own.
    server.close();
  };
  const taken = link(own, lock) || ((await moveStaleAside(place, lock)) && link(own, lock));
  if (taken) {
    await sleep(SETTLE_MS);
    // By the folder's own name: the descriptor still finds a folder that was moved.
    if (inodeOf(lock) === mine) return { isIntact: () => inodeOf(join(folder, 'lock')) === mine, release };
  }
  release();
  return undefined;
}

/** Clears the contested name if nobody answers there; false if somebody does, or if it is another's by now. */
async function moveStaleAside(place: SocketPlace, lock: string): Promise<boolean> {
  const stale = inodeOf(lock);
  if (await isAnswered(lock)) return false;
  const aside = place.path(`stale.${randomBytes(6).toString('hex')}`);
  try {
    renameSync(lock, aside);
  } catch {
    // A rival has moved it already.
    return true;
  }
  const moved = inodeOf(aside);
  if (moved !== stale) link(aside, lock);
  rmSync(aside, { force: true });
  return moved === stale;
}

async function holdPipe(place: SocketPlace): Promise<Held | undefined> {
  try {
    const server = await listenOn(place.path('lock'));
    return { isIntact: () => true, release: () => server.close() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

function listenOn(path: string): Promise<Server> {
  return new Promise((fulfil, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen(path, () => {
      fulfil(server);
    });
  });
}

/** Whether the second name could be given to the file; false if it is taken. */
function link(existing: string, name: string): boolean {
  try {
    linkSync(existing, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Only a refusal says that nobody listens any more; whatever else goes wrong counts as an answer. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((fulfil) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      fulfil(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      fulfil(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

/**
 * Names for sockets in a folder within what a socket address holds (about 100 bytes), however long the folder's own is:
 * on Linux through an open descriptor of the folder, on Windows as a pipe named after it.
 */
class SocketPlace {
  readonly #folder: string;
  readonly #descriptor: number | undefined;

  constructor(folder: string) {
    this.#folder = resolve(folder);
    this.#descriptor = process.platform === 'linux' ? openSync(folder, 'r') : undefined;
  }

  path(name: string): string {
    if (this.#descriptor !== undefined) return `/proc/self/fd/${this.#descriptor}/${name}`;
    const full = join(this.#folder, name);
    if (process.platform !== 'win32') return full;
    return `\\\\.\\pipe\\stagedoor-${createHash('sha256').update(full.toLowerCase()).digest('hex')}`;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function readPid(file: string): string | undefined {
  try {
    return /^\d+$/m.exec(readFileSync(file, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}
