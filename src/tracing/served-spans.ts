import { createContextKey, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api';
import { recordedSpan } from './spans.ts';

const SERVED = createContextKey('stagedoor: spans that a batched statement serves');

/**
 * The context in which work for several senders runs: a child of the first of them that is recorded, knowing all the
 * others. Without one nothing is recorded, whatever context happens to be active.
 */
export function contextServing(senders: readonly Context[]): Context {
  const spans = senders.map(recordedSpan).filter((span) => span !== undefined);
  const [first] = spans;
  if (!first) return ROOT_CONTEXT;
  return trace.setSpan(ROOT_CONTEXT, first).setValue(SERVED, spans);
}

/** All spans that work in this context is done for. */
export function servedSpans(context: Context): readonly Span[] {
  return (context.getValue(SERVED) as readonly Span[] | undefined) ?? [];
}
