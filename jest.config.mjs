/** Sources are ES modules: swc strips the types and nothing else, so a test runs the code that ships. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 30_000,
  maxWorkers: 2,
  // Having a limit makes even a single file run in a worker, where a forgotten handle cannot hang the run:
  // jest ends the worker and says so. The limit itself restarts a worker that has grown too large.
  workerIdleMemoryLimit: '1GB',
  verbose: false,
  reporters: [['default', { summaryThreshold: 0 }], '<rootDir>/test/support/last-line-reporter.mjs'],
};
