import {
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
export function recordedSpan(context: Context): Span | undefined {
  const span = trace.getSpan(context);
  return span?.isRecording() ? span : undefined;
}

/** A span whose parent is that of the context, or a root where the context has none. */
export function startSpan(name: string, options: SpanOptions, context: Context): Span {
  return trace.getTracer(INSTRUMENTATION).startSpan(name, options, context);
}

/** Ends a span; `errorType` marks it as failed. It is a name or a code: messages may quote what a caller sent. */
export function endSpan(span: Span, errorType: string | undefined, at?: TimeInput): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}
