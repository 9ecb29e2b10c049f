import type { Socket } from 'node:net';

interface Habit {
  /** Since when what its caller sends is read. */
  readSinceMs: number;
  asksAtOnce: boolean;
}

/**
 * Which connections ask again at once when they have been answered, judged by what they did the last time. Others may lie idle
 * between two requests.
 */
export class AskingHabits {
  readonly #habits = new WeakMap<Socket, Habit>();
  readonly #atOnceMs: number;

  /** `atOnceMs`: what counts as at once. */
  constructor(atOnceMs: number) {
    this.#atOnceMs = atOnceMs;
  }

  /** From now on its next request would be read. */
  isRead(socket: Socket): void {
    const habit = this.#habits.get(socket);
    if (habit) habit.readSinceMs = performance.now();
    else this.#habits.set(socket, { readSinceMs: performance.now(), asksAtOnce: false });
  }

  /** It has asked. */
  asks(socket: Socket): void {
    const habit = this.#habits.get(socket);
    if (habit) habit.asksAtOnce = performance.now() - habit.readSinceMs < this.#atOnceMs;
  }

  /** False for a connection of which nothing is known. */
  asksAtOnce(socket: Socket): boolean {
    return this.#habits.get(socket)?.asksAtOnce ?? false;
  }
}
