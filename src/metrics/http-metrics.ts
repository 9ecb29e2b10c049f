import { SHED_REASONS } from '../http/admission.ts';
import type { DoorStats, ShedObserver } from '../http/front-door.ts';
import type { RequestSummary } from '../middleware/request-context.ts';
import type { Instruments } from './instruments.ts';
import type { SeriesMetric, Tally } from './series.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A caller can make up methods, but not series. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const LABELS = ['method', 'route', 'status'] as const;

export type RequestTally = SeriesMetric<Tally>;

/** What counts all requests, wherever they end. */
export function requestTally(instruments: Instruments): RequestTally {
  return instruments.tally('http_requests_total', 'HTTP requests', LABELS);
}

/** Counts requests as they end, by the pattern of their route; whatever matches none shares one label value. */
export function httpMetrics(
  instruments: Instruments,
  requests: RequestTally,
): (request: RequestSummary) => void {
  const durations = instruments.distribution(
    'http_request_duration_seconds',
    'From a request’s head to the end of its answer',
    LABELS,
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

/** Counts requests that were turned away at the door; to the availability of the token endpoint they are failures like others. */
export function shedMetrics(instruments: Instruments, requests: RequestTally): ShedObserver {
  const shed = instruments.tally(
    'http_requests_shed_total',
    'HTTP requests turned away at the door: as many were in progress as may be (limit), or it would have waited too long (wait); probes: answered there, for there were too many',
    ['reason'],
  );
  for (const reason of SHED_REASONS) shed.of(reason);
  return (asksForToken, reason) => {
    shed.of(reason).add();
    if (asksForToken) requests.of('POST', '/oauth/token', '503').add();
  };
}

/** Shows what goes on at the door at the time of the scrape. */
export function watchDoor(instruments: Instruments, stats: () => DoorStats): void {
  const inProgress = instruments.gauge(
    'http_requests_in_progress',
    'HTTP requests that wait for their answer',
  );
  const room = instruments.gauge('http_requests_room', 'HTTP requests that may be in progress at the moment');
  const waiting = instruments.gauge(
    'http_connections_waiting',
    'Connections on which the next request is not read before others are answered',
  );
  const resting = instruments.gauge(
    'http_connections_resting',
    'Connections that are not read for a moment, because their last request was turned away',
  );
  instruments.onScrape(() => {
    const now = stats();
    inProgress.set(now.inProgress);
    room.set(now.room);
    waiting.set(now.waiting);
    resting.set(now.resting);
  });
}
