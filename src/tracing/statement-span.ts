import { context, SpanKind, type Span } from '@opentelemetry/api';
import { servedSpans } from './served-spans.ts';
import { endSpan, recordedSpan, startSpan } from './spans.ts';

/**
 * A span for a statement, if what it is sent for is recorded. One that serves several messages carries a link to the span of
 * each, and each of them one back, so that every trace leads to it (OpenTelemetry, database client spans).
 */
export function startStatementSpan(actor: string, statement: string): Span | undefined {
  const active = context.active();
  if (!recordedSpan(active)) return undefined;
  const served = servedSpans(active);
  const span = startSpan(
    statement,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'db.system.name': 'postgresql',
        'db.query.summary': statement,
        'stagedoor.actor': actor,
        ...(served.length > 1 && { 'db.operation.batch.size': served.length }),
      },
      links: served.map((each) => ({ context: each.spanContext() })),
    },
    active,
  );
  for (const each of served) each.addLink({ context: span.spanContext() });
  return span;
}

/** `errorType`: the name or code of what went wrong. */
export function endStatementSpan(span: Span | undefined, errorType: string | undefined): void {
  if (span) endSpan(span, errorType);
}
