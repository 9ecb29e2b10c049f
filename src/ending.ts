import type { Logger } from 'pino';
import { describeBug } from './describe-bug.ts';

/** A terminal's Ctrl-C may arrive twice at once, from the terminal and through npm; a person's second one comes later. */
const SAME_SIGNAL_MS = 1000;

/** The one way the process ends: a signal, or a fault it cannot repair. A second signal ends it at once. */
export class Ending {
  readonly #exitCode: Promise<number>;
  #resolve: (exitCode: number) => void = () => undefined;
  #near = false;

  /** `atOnce`: what must be done even then; it may take a moment. */
  constructor(logger: Logger, atOnce?: () => Promise<void>) {
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
        this.end(0);
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

  end(exitCode: number): void {
    this.#near = true;
    this.#resolve(exitCode);
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }
}
