// How a program ends that has started others.
import { endChildren } from './children.mjs';

/**
 * What has to be ended with this program, however that ends: by itself, by a signal, or after a time that it does not need.
 * @param {string} [name] of the program
 */
export function ending(name = 'bench') {
  const cleanUps = [];
  let isLeaving = false;

  /** Ends what was started, the youngest first, and then this process. */
  const leave = async (code, reason) => {
    // What fails because we end it is no news, and must not cut the cleaning up short.
    if (isLeaving) return;
    isLeaving = true;
    if (reason !== undefined) process.stderr.write(`stagedoor ${name}: ${reason}\n`);
    for (let end = cleanUps.pop(); end !== undefined; end = cleanUps.pop()) {
      try {
        await end();
      } catch (error) {
        process.stderr.write(`stagedoor ${name}: ${error.message}\n`);
      }
    }
    await endChildren();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // Who asks twice waits for no cleaning up; children end with this process.
      if (isLeaving) process.exit(1);
      void leave(1, 'interrupted');
    });

  return {
    leave,
    /** @param {() => unknown} end */
    cleanUp: (end) => cleanUps.push(end),
    /** Nothing here waits for ever, but whatever does must not keep a machine busy. */
    within: (seconds) =>
      void setTimeout(() => void leave(1, `not done after ${seconds} seconds`), seconds * 1000).unref(),
  };
}
