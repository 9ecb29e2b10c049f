import { constants } from 'node:os';

/**
 * In a container the program is process 1, from which the kernel keeps every signal that it has not asked for. The server asks when
 * it starts; until then, and for every other command, this does.
 */
export function endOnSignalsAsFirstProcess(): void {
  if (process.pid !== 1) return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
