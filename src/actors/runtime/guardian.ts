import { spawn, start, stop, type ActorSystemRef, type Ref } from 'nact';
import type { ActorObserver, ActorStats } from './protocol.ts';

/** What the guardian knows of an actor it watches over. */
export interface Supervised {
  stats(): ActorStats;
  drain(timeoutMs: number): Promise<void>;
}

export interface GuardianOptions {
  readonly observer: ActorObserver;
  /** More crashes of one actor than this within the window exhaust the guardian. */
  readonly restartLimit: number;
  readonly restartWindowMs: number;
  /** Called once, when an actor crashed too often to be restarted again. */
  readonly onExhausted: (actor: string) => void;
}

/** What is kept of a drain's time for the actor that is drained last. */
const RESERVED_SHARE = 0.2;

/** The root of the supervision tree: restarts what crashes, gives up on what crashes too often, drains in order. */
export class Guardian {
  readonly ref: Ref<never>;
  readonly observer: ActorObserver;
  readonly #system: ActorSystemRef;
  readonly #options: GuardianOptions;
  readonly #children: Supervised[] = [];
  readonly #crashTimesMs = new Map<string, number[]>();
  #exhaustedBy: string | undefined;

  constructor(options: GuardianOptions) {
    this.#options = options;
    this.observer = options.observer;
    this.#system = start();
    // The guardian itself holds no state and is sent nothing: it exists so that the tree has one root to stop.
    this.ref = spawn(this.#system, (state: undefined) => state, 'guardian');
  }

  /** Puts an actor under supervision. */
  adopt(child: Supervised): void {
    this.#children.push(child);
  }

  /** Decides about a crash: restart, or stop once the actor used up its restarts within the window. */
  decide(actor: string, nowMs: number): 'restart' | 'stop' {
    const { restartLimit, restartWindowMs, onExhausted } = this.#options;
    const recent = (this.#crashTimesMs.get(actor) ?? []).filter((at) => nowMs - at < restartWindowMs);
    recent.push(nowMs);
    this.#crashTimesMs.set(actor, recent);
    if (recent.length <= restartLimit) return 'restart';
    if (this.#exhaustedBy === undefined) {
      this.#exhaustedBy = actor;
      onExhausted(actor);
    }
    return 'stop';
  }

  /** The actor that used up its restarts, if one did: the process is not ready any more. */
  get exhaustedBy(): string | undefined {
    return this.#exhaustedBy;
  }

  stats(): ActorStats[] {
    return this.#children.map((child) => child.stats());
  }

  /**
   * Stops all actors, the youngest first, so that an actor outlives those spawned after it, which may still send to it.
   * Each finishes what it has within what is left of `timeoutMs`; the rest is rejected.
   */
  async drain(timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    for (const [index, child] of [...this.#children.entries()].reverse()) {
      // The oldest is who the others write to until their end: a slow one must not use up its time.
      const reservedMs = index === 0 ? 0 : timeoutMs * RESERVED_SHARE;
      await child.drain(Math.max(0, endMs - reservedMs - performance.now()));
    }
    stop(this.ref);
    stop(this.#system);
  }
}
