import { closeSync, existsSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type * as nodefs from '@electric-sql/pglite/nodefs';

const DURABLE = ['-c', 'fsync=on', '-c', 'wal_sync_method=fsync'];

/** As WebAssembly numbers errors. */
const EIO = 29;

/** Emscripten's file system, as far as it is needed here. */
interface Emscripten {
  readonly NODEFS: {
    readonly stream_ops: { fsync?: (stream: Stream) => number };
    realPath(node: unknown): string;
  };
}

interface Stream {
  /** Node's descriptor of the file; a folder has none. */
  readonly nfd?: number;
  readonly node: unknown;
}

/**
 * PGlite starts PostgreSQL with fsync off, and where it is on, the layer between WebAssembly and Node takes the call and does
 * nothing: what was committed a moment ago would be lost with the power, and the files might not fit together any more. Here the
 * call reaches the disk.
 */
export async function openDurably(
  pglite: typeof PGlite,
  folder: string,
  settings: readonly string[],
): Promise<PGlite> {
  const isNew = !existsSync(join(folder, 'PG_VERSION'));
  // -F turns fsync off, and would do so after any setting.
  const given = pglite.defaultStartParams.filter((parameter) => parameter !== '-F');
  const opened = await pglite.create({
    fs: durableFolder(folder),
    startParams: [...given, ...settings, ...DURABLE],
  });
  if (isNew) syncFolder(folder);
  return opened;
}

function durableFolder(folder: string): nodefs.NodeFS {
  // The same build as PGlite's own.
  const { NodeFS } = createRequire(import.meta.url)('@electric-sql/pglite/nodefs') as typeof nodefs;
  return new (class extends NodeFS {
    override async init(...[pglite, given]: Parameters<nodefs.NodeFS['init']>) {
      const { emscriptenOpts } = await super.init(pglite as PGlite, given);
      const preRun = [...(emscriptenOpts.preRun as ((module: Emscripten) => void)[]), reachTheDisk];
      return { emscriptenOpts: { ...emscriptenOpts, preRun } as typeof emscriptenOpts };
    }
  })(folder);
}

function reachTheDisk({ NODEFS }: Emscripten): void {
  NODEFS.stream_ops.fsync = ({ nfd, node }) => {
    try {
      if (nfd === undefined) syncNames(NODEFS.realPath(node));
      else fsyncSync(nfd);
      return 0;
    } catch {
      // PostgreSQL ends for it, as it must: what the disk refused once it may seem to take the next time.
      return EIO;
    }
  };
}

/** Writes a whole folder to the disk: PGlite makes a new database without that. */
function syncFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) syncPath(path);
    else if (entry.isDirectory()) syncNames(path);
  }
  syncNames(folder);
}

/** What a folder itself says: which files are in it. Not every system lets one write that out, nor needs it. */
function syncNames(path: string): void {
  try {
    syncPath(path);
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
