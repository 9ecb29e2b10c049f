import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Sharing } from '../../src/log.ts';

/** Runs a script that has a `logger`, in a process of its own whose standard output this is. */
export function loggerTo(output: number | 'pipe', script: string, sharing?: Sharing) {
  const source = `import { openLog } from ${JSON.stringify(resolve('dist/src/log.js'))};
    const { logger } = openLog('info', 1, ${JSON.stringify(sharing)});
    ${script}`;
  const args = ['--input-type=module', '--eval', source];
  return spawn(process.execPath, args, { stdio: ['ignore', output, 'ignore'] });
}
