/** The clock of processes that is so many times as fast as the machine's, with the timers that they repeat. */
export class FastClock {
  readonly #factor: number;
  readonly #startedAtMs = Date.now();

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): Date {
    return new Date(this.#startedAtMs + (Date.now() - this.#startedAtMs) * this.#factor);
  }

  /** How long that is by the machine's clock. */
  realMs(seconds: number): number {
    return (seconds * 1000) / this.#factor;
  }

  /** What gives a process this clock, from outside: nothing in it knows. Timeouts stay what they are, for they guard I/O. */
  get env(): { readonly NODE_OPTIONS: string } {
    const script = `
      const Real = Date, factor = ${this.#factor}, start = ${this.#startedAtMs};
      const now = () => Math.floor(start + (Real.now() - start) * factor);
      globalThis.Date = class Date extends Real {
        constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
        static now() { return now(); }
      };
      const every = globalThis.setInterval;
      globalThis.setInterval = (call, ms, ...rest) => every(call, ms / factor, ...rest);
    `;
    return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
  }
}
