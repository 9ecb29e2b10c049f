/** Ends the run's output with one line for machines and hurried readers. A suite that cannot run is a failure. */
export default class LastLineReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const line = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`;
    process.once('exit', () => console.log(line)); // jest prints its own summary after all reporters
  }
}
