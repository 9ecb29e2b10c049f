import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Span,
} from '@opentelemetry/api';
import type { NextFunction, Request, Response } from 'express';
import { endSpan, startSpan } from '../tracing/spans.ts';
import { addHeader } from './early-headers.ts';
import { noteTraceId, routeOf } from './request-context.ts';
import { onceOver } from './request-end.ts';

/**
 * A span for each request, in the trace that the caller's headers name (W3C Trace Context; OpenTelemetry, HTTP server spans).
 * The id of the trace goes back in a header, for people who report a problem.
 */
export function traceRequests() {
  return (request: Request, response: Response, next: NextFunction): void => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = startSpan(request.method, { kind: SpanKind.SERVER }, parent);
    // Without an exporter that it knows, the SDK makes spans that are none.
    if (isSpanContextValid(span.spanContext())) {
      const { traceId } = span.spanContext();
      noteTraceId(response, traceId);
      addHeader(response, 'x-trace-id', traceId);
    }
    // What the sampler leaves out costs nothing more.
    if (!span.isRecording()) {
      next();
      return;
    }
    span.setAttributes(attributesOf(request));
    onceOver(request, response, () => {
      endRequestSpan(span, request, response);
    });
    context.with(trace.setSpan(parent, span), next);
  };
}

/** The path, never the query: codes and states travel there. */
function attributesOf(request: Request) {
  const [path = '/'] = request.url.split('?', 1);
  return {
    'http.request.method': request.method,
    'url.scheme': request.protocol,
    'url.path': path,
    'network.protocol.version': request.httpVersion,
    ...(request.ip !== undefined && { 'client.address': request.ip }),
    ...(request.hostname && { 'server.address': request.hostname }),
    ...(request.headers['user-agent'] !== undefined && {
      'user_agent.original': request.headers['user-agent'],
    }),
  };
}

function endRequestSpan(span: Span, request: Request, response: Response): void {
  const route = routeOf(request);
  if (route !== undefined) {
    span.updateName(`${request.method} ${route}`);
    span.setAttribute('http.route', route);
  }
  if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
  const failed = response.headersSent && response.statusCode >= 500;
  endSpan(span, failed ? String(response.statusCode) : response.writableFinished ? undefined : 'aborted');
}
