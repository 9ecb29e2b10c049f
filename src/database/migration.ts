/** One SQL statement, or one with the reason why code of before goes on working after a statement that takes something away. */
export type Step = string | { readonly sql: string; readonly why: string };

interface Common {
  readonly name: string;
  /** Each runs in a transaction of its own, and once: their number and order must never change after a release. */
  readonly steps: readonly Step[];
}

/** Code of before goes on working on the schema that it makes. */
export interface Expand extends Common {
  readonly kind: 'expand';
  /** False: code that knows it serves just as well without, so a server does not wait for it. */
  readonly neededToServe?: false;
}

/** It takes away what only old code uses. Code that brings it works before it and after it. */
export interface Contract extends Common {
  readonly kind: 'contract';
  /** The oldest migration that code must know to work without what this one takes away. */
  readonly needs: string;
}

/** One change of the schema. See docs/decisions/0011. */
export type Migration = Expand | Contract;

/** The step's statement. */
export function sqlOf(step: Step): string {
  return typeof step === 'string' ? step : step.sql;
}
