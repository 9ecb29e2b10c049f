import * as modules from 'node:module';
import { fileURLToPath } from 'node:url';

/** Beside the build, which replaces it together with itself. */
const FOLDER = fileURLToPath(new URL('../../.compile-cache', import.meta.url));

/**
 * Has Node keep the code that it compiles for the next start, where it can (from 22.1 on) and where the folder can be written;
 * otherwise nothing changes. A folder that NODE_COMPILE_CACHE names is used instead.
 */
export function keepCompiledCode(): void {
  const { enableCompileCache } = modules as { enableCompileCache?: (folder?: string) => unknown };
  enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? FOLDER);
}
