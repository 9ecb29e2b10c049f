import { spawnActor } from '../../src/actors/runtime/actor.ts';
import type { ActorLimits } from '../../src/actors/runtime/definition.ts';
import { Guardian, type GuardianOptions } from '../../src/actors/runtime/guardian.ts';
import type { ActorObserver, ActorRef, ActorStats, Outcome } from '../../src/actors/runtime/protocol.ts';

/** What one life of a probe knows: gone after a crash. */
export interface ProbeState {
  /** 1 for the first life, one more after each crash. */
  readonly life: number;
  /** Messages this life has started. */
  served: number;
}

/** A probe runs whatever task it is sent, so that each test says in one place what its handler does. */
export interface ProbeMessage {
  readonly type: 'run';
  readonly task: (state: ProbeState, self: ProbeRef) => unknown;
}

export interface ProbeReplies {
  readonly run: any;
}

export type ProbeRef = ActorRef<ProbeMessage, ProbeReplies>;

/** A supervised actor as the guardian has it, too. */
export type Probe = ProbeRef & { stats(): ActorStats; drain(timeoutMs: number): Promise<void> };

export interface ProbeOptions extends Partial<ActorLimits> {
  readonly name?: string;
  /** Called at the start of each life with its number; may throw. */
  readonly onLife?: (life: number) => void;
  readonly timers?: readonly { readonly everyMs: number; readonly message: ProbeMessage }[];
  readonly onUndelivered?: (message: ProbeMessage) => void;
}

export function run(task: ProbeMessage['task']): ProbeMessage {
  return { type: 'run', task };
}

export function spawnProbe(guardian: Guardian, options: ProbeOptions = {}): Probe {
  const { name = 'probe', mailboxLimit = 1000, concurrency = 100, askTimeoutMs = 10_000 } = options;
  let lives = 0;
  return spawnActor<ProbeMessage, ProbeReplies>({
    name,
    guardian,
    limits: { mailboxLimit, concurrency, askTimeoutMs },
    timers: options.timers ?? [],
    ...(options.onUndelivered && { onUndelivered: options.onUndelivered }),
    behave: (self) => {
      lives += 1;
      options.onLife?.(lives);
      const state: ProbeState = { life: lives, served: 0 };
      return {
        run: ({ task }) => {
          state.served += 1;
          return task(state, self);
        },
      };
    },
  }) as Probe;
}

export function newGuardian(options: Partial<GuardianOptions> = {}): Guardian {
  return new Guardian({
    observer: new Recorder(),
    restartLimit: 1000,
    restartWindowMs: 60_000,
    onExhausted: () => undefined,
    ...options,
  });
}

/** Writes down what the runtime tells its observer. */
export class Recorder implements ActorObserver {
  readonly waits: { actor: string; message: string; waitMs: number }[] = [];
  readonly outcomes: { actor: string; message: string; outcome: Outcome; durationMs: number }[] = [];
  readonly failures: { actor: string; message: string; error: unknown }[] = [];
  readonly crashes: { actor: string; message: string; error: unknown }[] = [];

  dequeued(actor: string, message: string, waitMs: number): void {
    this.waits.push({ actor, message, waitMs });
  }

  settled(actor: string, message: string, outcome: Outcome, durationMs: number): void {
    this.outcomes.push({ actor, message, outcome, durationMs });
  }

  failed(actor: string, message: string, error: unknown): void {
    this.failures.push({ actor, message, error });
  }

  crashed(actor: string, message: string, error: unknown): void {
    this.crashes.push({ actor, message, error });
  }

  batched(): void {
    // Nothing here looks at statements.
  }

  count(outcome: Outcome): number {
    return this.outcomes.filter((each) => each.outcome === outcome).length;
  }
}

/** A promise that the test settles. */
export interface Gate<T = void> {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
}

export function newGate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** Lets the event loop turn, so that an actor gets to everything that it can get to now. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The error that a promise rejects with; fails the test if it does not reject. */
export async function errorOf(promise: Promise<unknown>): Promise<any> {
  const nothing = Symbol('no error');
  const error: unknown = await promise.then(
    () => nothing,
    (reason: unknown) => reason,
  );
  if (error === nothing) throw new Error('the promise was expected to reject');
  return error;
}
