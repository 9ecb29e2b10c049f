import type { Span } from '@opentelemetry/api';
import { dispatch, spawn, stop, type Ref } from 'nact';
import { OAuthError, ServerError, TemporarilyUnavailable } from '../../oauth/errors.ts';
import { runIn } from '../../tracing/spans.ts';
import type { ActorDefinition } from './definition.ts';
import { Fifo } from './fifo.ts';
import type { Supervised } from './guardian.ts';
import { contextIn, endMessageSpan, startMessageSpan } from './message-span.ts';
import { Envelope, type Settled } from './mailbox.ts';
import type { ActorRef, ActorStats, Handlers, Message, MessageOf, Outcome, Replies } from './protocol.ts';
import { Unsettled } from './unsettled.ts';

/** The one message that travels through nact: messages wait in our mailbox, nact says when the actor may look into it. */
const TURN = 'turn';

/** Messages that one turn may start before others get theirs. */
const MAX_STARTS_PER_TURN = 256;

/** One life of an actor, from a (re)start to its crash. */
interface Life<M extends Message, R extends Replies<M>> {
  /** Undefined until the first message of a life that follows a crash: if they cannot be made, that is a crash too. */
  handlers: Handlers<M, R> | undefined;
  crashed: boolean;
}

/** A message whose handler has been started. */
interface Run {
  readonly envelope: Envelope;
  readonly startedAtMs: number;
  readonly span: Span | undefined;
}

/** Spawns a supervised actor under the guardian. */
export function spawnActor<M extends Message, R extends Replies<M>>(
  definition: ActorDefinition<M, R>,
): ActorRef<M, R> {
  const actor = new SupervisedActor(definition);
  definition.guardian.adopt(actor);
  return actor;
}

class SupervisedActor<M extends Message, R extends Replies<M>> implements ActorRef<M, R>, Supervised {
  readonly name: string;
  readonly #definition: ActorDefinition<M, R>;
  readonly #ref: Ref<typeof TURN>;
  readonly #mailbox = new Fifo<Envelope>();
  readonly #unsettled = new Unsettled((envelope) => {
    envelope.settle(new TemporarilyUnavailable('deadline'));
  });
  readonly #timers: NodeJS.Timeout[];
  #turnIsComing = false;
  #inFlight = 0;
  #restarts = 0;
  #accepting = true;
  #stopped = false;
  #emptied: (() => void) | undefined;

  constructor(definition: ActorDefinition<M, R>) {
    this.name = definition.name;
    this.#definition = definition;
    this.#ref = spawn(definition.guardian.ref, (life: Life<M, R>) => this.#takeTurn(life), definition.name, {
      // A reset goes back to this life, which has crashed by then: the next message begins another.
      initialState: { handlers: definition.behave(this), crashed: false },
      // nact's other decisions can run two handlers at once or hang; stop, reset and resume are sound (7.6.2).
      onCrash: (_message, _error, ctx) => (this.#stopped ? ctx.stop : ctx.reset),
    });
    this.#timers = (definition.timers ?? []).map(({ everyMs, message }) =>
      setInterval(() => {
        this.tell(message);
      }, everyMs).unref(),
    );
  }

  ask<K extends M['type']>(
    message: MessageOf<M, K>,
    options?: { readonly timeoutMs?: number },
  ): Promise<R[K]> {
    const refusal = this.#refusal(message);
    if (refusal) return Promise.reject(refusal);
    return new Promise<R[K]>((resolve, reject) => {
      const timeoutMs = options?.timeoutMs ?? this.#definition.limits.askTimeoutMs;
      this.#post(message, timeoutMs, (error, reply) => {
        if (error === undefined) resolve(reply as R[K]);
        else reject(error as Error);
      });
    });
  }

  tell(message: M): boolean {
    if (this.#refusal(message)) return false;
    this.#post(message, Infinity, (error) => {
      if (error !== undefined) this.#definition.onUndelivered?.(message);
    });
    return true;
  }

  stats(): ActorStats {
    return {
      name: this.name,
      mailboxDepth: this.#mailbox.length,
      mailboxLimit: this.#definition.limits.mailboxLimit,
      inFlight: this.#inFlight,
      concurrencyLimit: this.#definition.limits.concurrency,
      restarts: this.#restarts,
    };
  }

  /** Takes nothing new, finishes what is queued and in flight within `timeoutMs`, rejects the rest and stops. */
  async drain(timeoutMs: number): Promise<void> {
    this.#accepting = false;
    this.#timers.forEach(clearInterval);
    if (this.#mailbox.length + this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#emptied = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#halt();
  }

  #refusal(message: Message): TemporarilyUnavailable | undefined {
    const full = this.#mailbox.length >= this.#definition.limits.mailboxLimit;
    if (this.#accepting && !full) return undefined;
    this.#observe(message.type, 'rejected', 0);
    return new TemporarilyUnavailable(this.#accepting ? 'overload' : 'stopped');
  }

  #post(message: Message, timeoutMs: number, onSettled: Settled): void {
    const envelope = new Envelope(message, performance.now(), timeoutMs, onSettled);
    this.#unsettled.add(envelope);
    this.#mailbox.push(envelope);
    this.#askForTurn();
  }

  /** Has nact call this actor in the next turn of the event loop, unless it is going to already or no slot is free. */
  #askForTurn(): void {
    const hasWork = this.#mailbox.length > 0 && this.#inFlight < this.#definition.limits.concurrency;
    if (this.#turnIsComing || this.#stopped || !hasWork) return;
    this.#turnIsComing = true;
    dispatch(this.#ref, TURN);
  }

  /** One turn: starts the handlers of what is waiting, as far as slots are free, and waits for none of their I/O. */
  #takeTurn(current: Life<M, R>): Life<M, R> {
    this.#turnIsComing = false;
    let life = current;
    try {
      for (let started = 0; started < MAX_STARTS_PER_TURN; started += 1) {
        const free = this.#inFlight < this.#definition.limits.concurrency;
        const envelope = free && !this.#stopped ? this.#mailbox.shift() : undefined;
        if (!envelope) break;
        life = this.#start(life, envelope);
      }
    } finally {
      this.#askForTurn();
    }
    return life;
  }

  #start(current: Life<M, R>, envelope: Envelope): Life<M, R> {
    const life: Life<M, R> = current.crashed ? { handlers: undefined, crashed: false } : current;
    const { type } = envelope.message;
    const startedAtMs = performance.now();
    this.#definition.guardian.observer.dequeued(this.name, type, startedAtMs - envelope.enqueuedAtMs);
    const span = startMessageSpan(this.name, envelope, startedAtMs);
    if (envelope.isSettled || startedAtMs >= envelope.deadlineMs) {
      this.#unsettled.delete(envelope);
      envelope.settle(new TemporarilyUnavailable('deadline'));
      this.#observe(type, 'expired', 0);
      endMessageSpan(span, 'expired');
      this.#checkEmptied();
      return life;
    }
    this.#inFlight += 1;
    const run: Run = { envelope, startedAtMs, span };
    let result: unknown;
    try {
      life.handlers ??= this.#definition.behave(this);
      // Messages wait in another message's async context; each handler runs in its own sender's.
      const handler = life.handlers[type as M['type']] as (message: Message) => unknown;
      result = runIn(contextIn(span, envelope.context), handler, envelope.message);
    } catch (error) {
      this.#fail(life, run, error);
      // Left to nact, which asks onCrash above and resets this actor, its mailbox kept.
      if (life.crashed) throw error;
      return life;
    }
    if (isThenable(result)) {
      Promise.resolve(result).then(
        (reply: unknown) => {
          this.#succeed(run, reply);
        },
        (error: unknown) => {
          this.#fail(life, run, error);
        },
      );
    } else {
      this.#succeed(run, result);
    }
    return life;
  }

  #succeed(run: Run, reply: unknown): void {
    // Whoever asked was told meanwhile that it took too long.
    const isLate = run.envelope.isSettled;
    run.envelope.settle(undefined, reply);
    this.#finish(run, isLate ? 'expired' : 'ok');
  }

  #fail(life: Life<M, R>, run: Run, error: unknown): void {
    const { envelope } = run;
    if (error instanceof OAuthError) {
      const failed = error instanceof TemporarilyUnavailable || error instanceof ServerError;
      envelope.settle(error);
      if (failed) this.#definition.guardian.observer.failed(this.name, envelope.message.type, error);
      this.#finish(run, failed ? 'failed' : 'refused', error.name);
      return;
    }
    envelope.settle(new ServerError('The server met an unexpected condition'));
    this.#finish(run, 'failed', error instanceof Error ? error.name : undefined);
    this.#crash(life, envelope.message.type, error);
  }

  /** A bug in a handler: what this life knew may be wrong, so the next message begins another. */
  #crash(life: Life<M, R>, message: string, error: unknown): void {
    this.#definition.guardian.observer.crashed(this.name, message, error);
    if (life.crashed || this.#stopped) return;
    life.crashed = true;
    if (this.#definition.guardian.decide(this.name, performance.now()) === 'restart') this.#restarts += 1;
    else this.#halt();
  }

  #finish({ envelope, startedAtMs, span }: Run, outcome: Outcome, errorType?: string): void {
    this.#unsettled.delete(envelope);
    this.#inFlight -= 1;
    this.#observe(envelope.message.type, outcome, performance.now() - startedAtMs);
    endMessageSpan(span, outcome, errorType);
    this.#askForTurn();
    this.#checkEmptied();
  }

  #observe(message: string, outcome: Outcome, durationMs: number): void {
    this.#definition.guardian.observer.settled(this.name, message, outcome, durationMs);
  }

  #checkEmptied(): void {
    if (this.#mailbox.length + this.#inFlight === 0) this.#emptied?.();
  }

  /** Whoever still waits is told, for the end of an actor is no answer. */
  #halt(): void {
    this.#accepting = false;
    this.#stopped = true;
    this.#timers.forEach(clearInterval);
    for (const envelope of this.#unsettled.takeAll()) envelope.settle(new TemporarilyUnavailable('stopped'));
    for (let left = this.#mailbox.shift(); left; left = this.#mailbox.shift()) {
      this.#observe(left.message.type, 'rejected', 0);
    }
    stop(this.#ref);
    this.#checkEmptied();
  }
}

/** Not every promise is a Promise: a Knex query is one by its methods alone. */
function isThenable(result: unknown): result is PromiseLike<unknown> {
  return (
    typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function'
  );
}
