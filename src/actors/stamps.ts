/** Rows that one statement stamps: far fewer than it has time for, even where each of them is read from a disk first. */
const LOT = 1000;

/** So many are written down before their time: some megabytes. */
const MANY = 100_000;

export interface StampsOptions {
  /** Writes down when each of these was last seen: one statement. */
  readonly write: (times: ReadonlyMap<string, Date>) => Promise<void>;
  /** Asks for `flush`, sooner than the timer does. */
  readonly onMany: () => void;
}

/**
 * When things were last seen, by id. Noting it writes nothing; what was noted is written down for many at once, and however many
 * they are, no statement is long.
 */
export class Stamps {
  readonly #options: StampsOptions;
  #times = new Map<string, Date>();
  #writing: Promise<void> = Promise.resolve();
  #isNextDue = false;

  constructor(options: StampsOptions) {
    this.#options = options;
  }

  note(id: string, at: Date): void {
    this.#times.set(id, at);
    if (this.#times.size === MANY) this.#options.onMany();
  }

  /**
   * Writes down what has been noted so far. Rejects with the first lot that fails: that and those after it are kept. Where one
   * flush writes and another one waits for it, that one writes this, too: whoever asks meanwhile need not wait.
   */
  async flush(): Promise<void> {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    await this.#writing.catch(() => undefined);
    this.#isNextDue = false;
    this.#writing = this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const due = [...this.#times];
    this.#times = new Map();
    for (let first = 0; first < due.length; first += LOT) {
      try {
        await this.#options.write(new Map(due.slice(first, first + LOT)));
      } catch (error) {
        // For the next time, under whatever was seen since.
        this.#times = new Map([...due.slice(first), ...this.#times]);
        throw error;
      }
    }
  }
}
