// What the drill found, as a table or as JSON.

/**
 * @typedef {object} Finding
 * @property {string} what was checked
 * @property {string} wanted
 * @property {string} found
 * @property {boolean | undefined} holds undefined: it is only told
 */

export class Findings {
  /** @type {Finding[]} */
  all = [];

  /** What must be so. */
  check(what, wanted, found, holds) {
    this.all.push({ what, wanted, found, holds });
  }

  /** What is only told. */
  tell(what, found) {
    this.all.push({ what, wanted: '', found, holds: undefined });
  }

  get violations() {
    return this.all.filter(({ holds }) => holds === false);
  }

  /** A table for a terminal. */
  toString() {
    const rows = this.all.map(({ what, wanted, found, holds }) => [
      holds === undefined ? '' : holds ? 'ok' : 'FAILED',
      what,
      wanted,
      found,
    ]);
    const table = [['', 'What', 'Wanted', 'Found'], ...rows];
    const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
    return table
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
  }
}

/** Milliseconds as a person reads them. */
export function inWords(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
