const TICK_MS = 25;
const WINDOW_MS = 100;

/** What went on between two looks. */
export interface Span {
  readonly elapsedMs: number;
  /** How long the event loop was busy. */
  readonly busyMs: number;
  readonly served: number;
  readonly shed: number;
}

export interface Watcher {
  /** Told every few milliseconds what went on since the last time. False: there is nothing to watch any more. */
  onTick(span: Span): boolean;
  /** Told less often. False if it was too little to say anything: the next span then begins where this one began. */
  onWindow(span: Span): boolean;
}

interface Reading {
  readonly atMs: number;
  readonly busyMs: number;
  readonly served: number;
  readonly shed: number;
}

/** Looks at the load regularly for as long as there is some. */
export class LoadWatch {
  readonly #watcher: Watcher;
  #served = 0;
  #shed = 0;
  #timer: NodeJS.Timeout | undefined;
  #tick: Reading;
  #window: Reading;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
    this.#tick = this.#window = this.#read();
  }

  /** Whether somebody was turned away since the last tick. */
  get hasShed(): boolean {
    return this.#shed > this.#tick.shed;
  }

  served(): void {
    this.#served += 1;
  }

  shed(): void {
    this.#shed += 1;
    this.start();
  }

  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => {
      this.#look();
    }, TICK_MS).unref();
    this.#tick = this.#window = this.#read();
  }

  #look(): void {
    const now = this.#read();
    const window = between(this.#window, now);
    if (window.elapsedMs >= WINDOW_MS && this.#watcher.onWindow(window)) this.#window = now;
    const goesOn = this.#watcher.onTick(between(this.#tick, now));
    this.#tick = now;
    if (goesOn) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #read(): Reading {
    const [served, shed] = [this.#served, this.#shed];
    return { atMs: performance.now(), busyMs: performance.eventLoopUtilization().active, served, shed };
  }
}

function between(from: Reading, to: Reading): Span {
  return {
    elapsedMs: to.atMs - from.atMs,
    busyMs: to.busyMs - from.busyMs,
    served: to.served - from.served,
    shed: to.shed - from.shed,
  };
}
