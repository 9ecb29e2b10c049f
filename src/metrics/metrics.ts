import { collectDefaultMetrics } from 'prom-client';
import type { Actors } from '../actors/actors.ts';
import type { AuditEvent } from '../actors/audit/messages.ts';
import type { ActorObserver, ActorStats } from '../actors/runtime/protocol.ts';
import type { PoolStats, StatementObserver } from '../database/database.ts';
import type { DoorStats, ShedObserver } from '../http/front-door.ts';
import type { RequestObserver } from '../middleware/request-context.ts';
import { actorMetrics, watchActors } from './actor-metrics.ts';
import type { Figures } from './aggregate.ts';
import { databaseMetrics, watchPool } from './database-metrics.ts';
import { watchFigures } from './figures.ts';
import { httpMetrics, requestTally, shedMetrics, watchDoor } from './http-metrics.ts';
import { Instruments } from './instruments.ts';
import { oauthMetrics } from './oauth-metrics.ts';
import { watchWorkers, type WorkerCount } from './worker-metrics.ts';

/** What can be looked at once the server stands. */
export interface Watched {
  readonly actors: Pick<Actors, 'clients' | 'tokens' | 'keys'>;
  readonly actorStats: () => readonly ActorStats[];
  readonly poolStats: () => PoolStats;
  readonly now: () => Date;
  /** What the schedule of the signing keys is set to; 0: there is none. */
  readonly keyRotationSeconds: number;
}

/** The server's metrics: observers to hang where things happen, and their exposition for Prometheus. */
export interface Metrics {
  readonly actorObserver: ActorObserver;
  readonly statementObserver: StatementObserver;
  readonly requestObserver: RequestObserver;
  readonly onShed: ShedObserver;
  readonly onAudited: (event: AuditEvent) => void;
  readonly onLostEvent: () => void;
  watch(watched: Watched): void;
  /** The actors are about to end: they are asked no more, and what they said last stays. */
  unwatch(): void;
  watchDoor(stats: () => DoorStats): void;
  readonly expose: () => Promise<{ contentType: string; text: string }>;
  /** What `expose` shows, to be aggregated with that of other processes. */
  readonly figures: () => Promise<Figures>;
}

/** The metrics of the process that has workers serve: of itself, and how many there are. */
export function createPrimaryMetrics(count: () => WorkerCount): Pick<Metrics, 'figures'> {
  const instruments = new Instruments();
  collectDefaultMetrics({ register: instruments.registry });
  watchWorkers(instruments, count);
  return { figures: () => instruments.figures() };
}

/** What a server without workers says of them: it is the one. */
const ALONE: WorkerCount = { wanted: 1, ready: 1, restarts: 0 };

/** The metrics of a process that serves. `isWorker`: one of several, which the primary counts. */
export function createMetrics(version: string, isWorker = false): Metrics {
  const instruments = new Instruments();
  // Under the names that all dashboards for Node know.
  collectDefaultMetrics({ register: instruments.registry });
  instruments
    .gauge('build_info', 'The version that runs', ['version', 'node_version'], 'max')
    .set({ version, node_version: process.version }, 1);
  if (!isWorker) watchWorkers(instruments, () => ALONE);
  const actors = actorMetrics(instruments);
  const tally = requestTally(instruments);
  const requests = httpMetrics(instruments, tally);
  const oauth = oauthMetrics(instruments);
  let unwatch: () => void = () => undefined;
  return {
    actorObserver: {
      ...actors,
      settled: (actor, message, outcome, durationMs) => {
        actors.settled(actor, message, outcome, durationMs);
        oauth.messageSettled(message, outcome);
      },
    },
    statementObserver: databaseMetrics(instruments),
    requestObserver: (request) => {
      requests(request);
      if (request.errorCode !== undefined) oauth.requestFailed(request.errorCode);
    },
    onShed: shedMetrics(instruments, tally),
    onAudited: oauth.audited,
    onLostEvent: oauth.eventLost,
    watch: (watched) => {
      watchActors(instruments, watched.actorStats);
      watchPool(instruments, watched.poolStats);
      unwatch = watchFigures(instruments, watched.actors, watched.now);
      instruments
        .gauge(
          'signing_key_rotation_interval_seconds',
          'After how long a signing key is replaced; 0: never by itself',
          [],
          'max',
        )
        .set(watched.keyRotationSeconds);
    },
    unwatch: () => {
      unwatch();
    },
    watchDoor: (stats) => {
      watchDoor(instruments, stats);
    },
    expose: () => instruments.expose(),
    figures: () => instruments.figures(),
  };
}
