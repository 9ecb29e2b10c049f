#!/usr/bin/env -S node --max-semi-space-size=8
import { endOnSignalsAsFirstProcess } from './cli/first-process.ts';
import { buildProgram } from './cli/program.ts';

endOnSignalsAsFirstProcess();
try {
  process.exitCode = await buildProgram(process.env).run(process.argv);
} catch (error) {
  const { explainFailure } = await import('./cli/explain-failure.ts');
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exitCode = 1;
}
// Whatever a library left open must not keep a finished command waiting.
process.exit();
