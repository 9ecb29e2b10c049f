#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=50 --no-allocation-site-pretenuring
import { keepCompiledCode } from './cli/compiled-code.ts';
import { endOnSignalsAsFirstProcess } from './cli/first-process.ts';

endOnSignalsAsFirstProcess();
// Before anything else is loaded, for it holds for what is loaded from then on.
keepCompiledCode();
try {
  const { buildProgram } = await import('./cli/program.ts');
  process.exitCode = await buildProgram(process.env).run(process.argv);
} catch (error) {
  const { explainFailure } = await import('./cli/explain-failure.ts');
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exitCode = 1;
}
// Whatever a library left open must not keep a finished command waiting.
process.exit();
