import type { RequestSummary } from '../middleware/request-context.ts';
import type { Instruments } from './instruments.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A caller can make up methods, but not series. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts requests as they end, by the pattern of their route; whatever matches none shares one label value. */
export function httpMetrics(instruments: Instruments): (request: RequestSummary) => void {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = instruments.tally('http_requests_total', 'HTTP requests', labelNames);
  const durations = instruments.distribution(
    'http_request_duration_seconds',
    'From a request’s head to the end of its answer',
    labelNames,
    SECONDS,
  );
  // What the alerts watch: a rate needs a zero to start from.
  for (const status of ['200', '500', '503']) requests.of('POST', '/oauth/token', status);
  return ({ method, route, status, durationMs }) => {
    const known = METHODS.has(method) ? method : 'other';
    const code = String(status);
    requests.of(known, route, code).add();
    durations.of(known, route, code).observe(durationMs / 1000);
  };
}
