import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Sharing } from '../../src/log.ts';

/** Runs a script that has a `logger`, in a process of its own whose standard output this is. */
export function loggerTo(output: number | 'pipe', script: string, sharing?: Sharing) {
  return spawn(process.execPath, loggerArguments(script, sharing), { stdio: ['ignore', output, 'ignore'] });
}

/** What node is given to run such a script. */
export function loggerArguments(script: string, sharing?: Sharing): string[] {
  const source = `import { openLog } from ${JSON.stringify(resolve('dist/src/log.js'))};
    const { logger } = openLog('info', 1, ${JSON.stringify(sharing)});
    ${script}`;
  return ['--input-type=module', '--eval', source];
}
