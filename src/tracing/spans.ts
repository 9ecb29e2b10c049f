import {
  context,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type TimeInput,
} from '@opentelemetry/api';

/** What our spans are made by, as a collector shows it. */
const INSTRUMENTATION = 'stagedoor';

/** The span of a context, if it is being recorded: without tracing, or where the sampler said no, there is none. */
export function recordedSpan(within: Context): Span | undefined {
  const span = trace.getSpan(within);
  return span?.isRecording() ? span : undefined;
}

/**
 * Runs a function in a context. Where that is the active one already nothing is changed: under AsyncLocalStorage a change
 * costs, and most work belongs to no trace.
 */
export function runIn<Argument, Result>(
  wanted: Context,
  run: (argument: Argument) => Result,
  argument: Argument,
): Result {
  return context.active() === wanted ? run(argument) : context.with(wanted, run, undefined, argument);
}

/** A span whose parent is that of the context, or a root where the context has none. */
export function startSpan(name: string, options: SpanOptions, within: Context): Span {
  return trace.getTracer(INSTRUMENTATION).startSpan(name, options, within);
}

/** Ends a span; `errorType` marks it as failed. It is a name or a code: messages may quote what a caller sent. */
export function endSpan(span: Span, errorType: string | undefined, at?: TimeInput): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}
