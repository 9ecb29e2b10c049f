import type { Logger } from 'pino';
import { describeBug } from './describe-bug.ts';

/** A terminal's Ctrl-C may arrive twice at once, from the terminal and through npm; a person's second one comes later. */
const SAME_SIGNAL_MS = 1000;

/** The one way the process ends: a signal, or a fault it cannot repair. A second signal ends it at once. */
export class Ending {
  readonly #exitCode: Promise<number>;
  readonly #logger: Logger;
  #resolve: (exitCode: number) => void = () => undefined;
  #near = false;
  #isAnnounced = false;

  /**
   * `atOnce`: what must be done even then; it may take a moment. `delayMs`: how long after a SIGTERM the process is to serve on;
   * whoever presses Ctrl-C does not wait for it, nor does a fault.
   */
  constructor(logger: Logger, atOnce?: () => Promise<void>, delayMs = 0) {
    this.#logger = logger;
    this.#exitCode = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    let firstAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        firstAtMs ??= performance.now();
        if (performance.now() - firstAtMs > SAME_SIGNAL_MS) {
          // What was logged is written at the exit, whatever calls for it.
          if (!atOnce) process.exit(1);
          void atOnce().finally(() => process.exit(1));
        }
        this.#isAnnounced ||= signal === 'SIGTERM' && !this.#near;
        this.end(0, signal === 'SIGTERM' ? delayMs : 0);
      });
    }
    const onBug = (error: unknown) => {
      logger.fatal(describeBug(error), 'unexpected error outside any request');
      this.end(1);
    };
    process.on('uncaughtException', onBug);
    process.on('unhandledRejection', onBug);
  }

  get isNear(): boolean {
    return this.#near;
  }

  /** Whether a SIGTERM asked for it, so that there is time to serve on for a while. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  /** Ends the process, or has it end a while later unless there is a reason to end it earlier. */
  end(exitCode: number, delayMs = 0): void {
    if (delayMs > 0 && !this.#near) this.#logger.info({ delayMs }, 'not ready any more, and serving on');
    this.#near = true;
    if (delayMs === 0) this.#resolve(exitCode);
    else setTimeout(this.#resolve, delayMs, exitCode).unref();
  }

  /** Resolves to the exit code when it is time to end. */
  wait(): Promise<number> {
    return this.#exitCode;
  }
}
