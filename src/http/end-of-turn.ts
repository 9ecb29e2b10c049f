/**
 * Collects what comes in one turn of the event loop, and hands it over at its end: by then all has been parsed that came in one
 * piece from the network.
 */
export class EndOfTurn<Item> {
  readonly #onEnd: (items: readonly Item[]) => void;
  #items: Item[] = [];

  constructor(onEnd: (items: readonly Item[]) => void) {
    this.#onEnd = onEnd;
  }

  add(item: Item): void {
    if (this.#items.length === 0) setImmediate(this.#end);
    this.#items.push(item);
  }

  readonly #end = (): void => {
    const items = this.#items;
    this.#items = [];
    this.#onEnd(items);
  };
}
