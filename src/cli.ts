#!/usr/bin/env -S node --max-semi-space-size=8
import { constants } from 'node:os';
import { buildProgram } from './cli/program.ts';

// The kernel keeps a signal from the first process of a container unless that has asked for it. The server asks when it
// starts; until then, and for every other command, this does.
if (process.pid === 1) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

try {
  process.exitCode = await buildProgram(process.env).run(process.argv);
} catch (error) {
  const { explainFailure } = await import('./cli/explain-failure.ts');
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exitCode = 1;
}
// Whatever a library left open must not keep a finished command waiting.
process.exit();
