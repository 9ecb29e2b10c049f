import { context, type Context } from '@opentelemetry/api';
import { TemporarilyUnavailable } from '../../oauth/errors.ts';
import { contextServing } from '../../tracing/served-spans.ts';
import { runIn } from '../../tracing/spans.ts';

export interface BatchOptions<I, O> {
  /** One statement for all items; resolves to one result for each, in order. */
  readonly run: (items: readonly I[]) => Promise<readonly O[]>;
  readonly maxSize: number;
  /** Statements in flight at once. */
  readonly concurrency: number;
  /** Told the size of each statement that is sent. */
  readonly onSend?: (size: number) => void;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
  /** The sender's. */
  readonly context: Context;
}

/**
 * Gathers what arrives while a statement is in flight and sends it as one; nothing waits for a timer.
 * If a statement fails for a reason that may lie in one of its rows, its halves are tried apart, so that the others get through:
 * `run` must therefore be atomic. A fault of the storage (TemporarilyUnavailable) fails all of the batch at once.
 */
export function createBatcher<I, O>(options: BatchOptions<I, O>): (item: I) => Promise<O> {
  const queue: Waiting<I, O>[] = [];
  let running = 0;
  let isPumpComing = false;

  const send = async (batch: readonly Waiting<I, O>[]): Promise<void> => {
    options.onSend?.(batch.length);
    try {
      const items = batch.map((waiting) => waiting.item);
      const serving = contextServing(batch.map((waiting) => waiting.context));
      const results = await runIn(serving, options.run, items);
      batch.forEach((waiting, index) => {
        waiting.resolve(results[index] as O);
      });
    } catch (error) {
      if (batch.length === 1 || error instanceof TemporarilyUnavailable) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await send(batch.slice(0, middle));
      await send(batch.slice(middle));
    }
  };

  const pump = (): void => {
    isPumpComing = false;
    while (running < options.concurrency && queue.length > 0) {
      running += 1;
      void send(queue.splice(0, options.maxSize)).finally(() => {
        running -= 1;
        askForPump();
      });
    }
  };

  // At the end of this turn of the event loop: what one turn brings is one statement, and an idle batcher still sends at once.
  const askForPump = (): void => {
    if (isPumpComing || running >= options.concurrency || queue.length === 0) return;
    isPumpComing = true;
    setImmediate(pump);
  };

  return (item) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ item, resolve, reject, context: context.active() });
      askForPump();
    });
}
