import { type Context, type Span, trace } from '@opentelemetry/api';
import { endSpan, recordedSpan, startSpan } from '../../tracing/spans.ts';
import type { Envelope } from './mailbox.ts';
import type { Outcome } from './protocol.ts';

/**
 * A span for a message, if whoever sent it is recorded. It begins when the message was sent, so that the wait in the mailbox is
 * seen as the time before the event `dequeued`.
 */
export function startMessageSpan(actor: string, envelope: Envelope, dequeuedAtMs: number): Span | undefined {
  if (!recordedSpan(envelope.context)) return undefined;
  const { type } = envelope.message;
  const attributes = {
    'stagedoor.actor': actor,
    'stagedoor.message': type,
    'stagedoor.mailbox.wait_ms': dequeuedAtMs - envelope.enqueuedAtMs,
  };
  const span = startSpan(
    `${actor} ${type}`,
    { attributes, startTime: envelope.enqueuedAtMs },
    envelope.context,
  );
  span.addEvent('dequeued', undefined, dequeuedAtMs);
  return span;
}

/** The context of a message's handler. */
export function contextIn(span: Span | undefined, sender: Context): Context {
  return span ? trace.setSpan(sender, span) : sender;
}

/** Ends a message's span. An OAuth refusal is an answer, not an error. */
export function endMessageSpan(span: Span | undefined, outcome: Outcome, errorType?: string): void {
  if (!span) return;
  span.setAttribute('stagedoor.outcome', outcome);
  endSpan(
    span,
    outcome === 'ok' || outcome === 'refused' ? undefined : (errorType ?? outcome),
    performance.now(),
  );
}
