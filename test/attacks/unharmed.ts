import { expect } from '@jest/globals';
import type { TestServer } from '../support/server.ts';

/** pino's number for `error`: crashed actors, unexpected errors and answers of 500 and above are logged at it. */
const ERROR_LEVEL = 50;

/**
 * Ends an attacked server and looks at what was done to it: a clean exit, and no fault in its log but those that the attack
 * is meant to cause.
 */
export async function stopUnharmed(server: TestServer, meant?: RegExp): Promise<void> {
  const exitCode = await server.terminate();
  try {
    const faults = faultsIn(server.output()).filter((line) => !meant?.test(line));
    expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
  } finally {
    await server.stop();
  }
}

/**
 * The lines of a log that tell of a fault: those of level error, and anything that looks like a stack trace. While it
 * starts, a server truly says that it is not ready.
 */
function faultsIn(output: string): readonly string[] {
  return output.split('\n').filter((line) => {
    if (!line.startsWith('{')) return /^\s+at |Error:/.test(line);
    const { level, route } = JSON.parse(line) as { level: number; route?: string };
    return level >= ERROR_LEVEL && route !== '/ready';
  });
}
