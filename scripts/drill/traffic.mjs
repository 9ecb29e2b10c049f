// What the load sent and what came of it.

const MAX_TEXT = 200;

/** Counts answers by kind, and keeps everything that is known of a request that failed. */
export class Traffic {
  /** What is going on, for the report of a failure. */
  phase = 'warming up';
  /** @type {{ at: Date, phase: string, kind: string, what: string, ms: number }[]} */
  failures = [];
  #counts = new Map();
  #slowest = { ms: 0, kind: '', phase: '' };

  /**
   * Makes one request; resolves to its answer, or to undefined where it failed, which is: no answer, or not one of these statuses.
   * @param {string} kind
   * @param {readonly number[]} statuses
   * @param {() => Promise<any>} work
   */
  async one(kind, statuses, work) {
    const startedAtMs = performance.now();
    let what;
    try {
      const answer = await work();
      if (statuses.includes(answer.status)) {
        this.#count(kind, performance.now() - startedAtMs);
        return answer;
      }
      const text = typeof answer.text === 'function' ? await answer.text() : answer.text;
      what = `${answer.status} ${text.slice(0, MAX_TEXT)}`;
    } catch (error) {
      what = [error.code, error.message].filter(Boolean).join(': ');
    }
    this.#fail(kind, what, performance.now() - startedAtMs);
    return undefined;
  }

  /** Notes an answer that was given, and was wrong. */
  wrong(kind, what) {
    this.#fail(kind, what, 0);
  }

  /** Good answers so far, by kind. */
  get counts() {
    return Object.fromEntries([...this.#counts].sort());
  }

  get total() {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get slowest() {
    return this.#slowest;
  }

  #count(kind, ms) {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (ms > this.#slowest.ms) this.#slowest = { ms, kind, phase: this.phase };
  }

  #fail(kind, what, ms) {
    this.failures.push({ at: new Date(), phase: this.phase, kind, what, ms });
  }
}
