/** Numbers that look random and are the same in every run (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to and without 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 up to and without `below`. */
  integer(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  pick<T>(from: ArrayLike<T>): T {
    return from[this.integer(from.length)]!;
  }

  text(alphabet: string, length: number): string {
    const letters = [...alphabet];
    return Array.from({ length }, () => this.pick(letters)).join('');
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.integer(256)));
  }
}
