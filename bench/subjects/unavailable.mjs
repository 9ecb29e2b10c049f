/** Thrown by a subject that cannot run here. The run prints the reason and goes on without it. */
export class Unavailable extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.name = 'Unavailable';
    this.reason = reason;
  }
}
