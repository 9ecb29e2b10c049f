import type { Server } from 'node:http';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Member } from './cluster/member.ts';
import type { Config } from './config.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { createApp, type AppParts } from './http/app.ts';
import { FrontDoor } from './http/front-door.ts';
import { cachedReadiness, type Readiness, type ReadinessLimits } from './http/readiness.ts';
import { closeServer, createHttpServer } from './http/server.ts';
import { listenAt, openMetricsPort } from './listen-at.ts';
import { logShed } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { deriveKeys } from './oauth/master-secret.ts';
import { mostConnections } from './open-files.ts';
import { readinessChecks } from './readiness-checks.ts';
import type { Stagedoor } from './stagedoor.ts';
import { packageVersion } from './version.ts';
import { welcome } from './welcome.ts';

/** A probe storm costs one round of checks in this time; Kubernetes gives a probe one second. */
const READINESS: ReadinessLimits = { maxAgeMs: 1000, checkTimeoutMs: 700 };

/** What the panel's figures say of a request that was turned away: it failed, at once. */
const SHED = { route: 'shed', status: 503, durationMs: 0 };

/** Whoever waits for the start comes first, and what has expired a little later than it might. */
const FIRST_SWEEP_AFTER_MS = 10_000;

/** A worker that was replaced is in no hurry: a connection that lies idle is closed only when its client is not likely to be about to use it. */
const REPLACED_QUIET_MS = 2000;

/** Who scrapes is let go within this. */
const METRICS_CLOSE_MS = 1000;

export interface ServingParts {
  readonly config: Config;
  readonly stagedoor: Stagedoor;
  readonly logger: Logger;
  readonly metrics: Metrics | undefined;
  readonly traced: boolean;
  /** Which of several workers this process is. */
  readonly member: Member | undefined;
  /** Whether the process is about to end. */
  readonly isEnding: () => boolean;
}

/** What a process serves over HTTP, from its first listening to the end of its drain. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #appParts: AppParts;
  readonly #server: Server;
  #metricsServer: Server | undefined;
  #firstSweep: NodeJS.Timeout | undefined;
  #isStarted: boolean;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    // There is an admin when a worker that is not the first starts, and a probe that it gets is to find it ready.
    this.#isStarted = parts.member?.isFirst === false;
    this.#appParts = appParts(parts, this.#readiness());
    const door = openDoor(parts, this.#appParts.readiness);
    const app = createApp(this.#appParts);
    this.#server = createHttpServer(app, parts.config.httpTimeoutMs, door, connectionsOf(parts));
  }

  /** Listens, and does what is to be done once; from then on the process is ready. */
  async start(): Promise<void> {
    const { config, stagedoor, logger, member } = this.#parts;
    const { serverHost, serverPort } = config;
    // Workers leave it to their primary.
    if (!member)
      this.#metricsServer = await openMetricsPort(config, expositionOf(this.#parts), this.#appParts);
    await listenAt(this.#server, serverHost, serverPort, 'OAUTH2_SERVER_PORT');
    // Only now that nothing keeps the server from starting: the generated password is told this once.
    const generatedPassword = this.#isStarted ? undefined : await ensureFirstAdmin(config, stagedoor);
    await stagedoor.actors.replicas.ask({
      type: 'join',
      name: `${hostname()}:${serverPort}${member ? ` worker ${member.number}` : ''}`,
      version: packageVersion(),
    });
    this.#isStarted = true;
    this.#firstSweep = setTimeout(() => stagedoor.actors.sweep(), FIRST_SWEEP_AFTER_MS);
    const { embedded } = stagedoor.storage.database;
    logger.info({ issuer: config.issuer, embedded }, 'ready');
    if (member?.isFirst !== false) process.stderr.write(welcome(config, embedded, generatedPassword));
    member?.ready();
  }

  /** Lets requests under way finish. */
  async drain(): Promise<void> {
    const { config, stagedoor, member } = this.#parts;
    clearTimeout(this.#firstSweep);
    await closeServer(this.#server, config.httpTimeoutMs, member?.isReplaced ? REPLACED_QUIET_MS : undefined);
    stagedoor.actors.replicas.tell({ type: 'leave' });
  }

  /** Ends the port of the metrics: last of all, so that the drain can be watched. */
  async close(): Promise<void> {
    if (this.#metricsServer?.listening) await closeServer(this.#metricsServer, METRICS_CLOSE_MS);
  }

  /** Only a process that is serving is ready: before that the first admin may be missing, after it the actors drain. */
  #readiness(): Readiness {
    const { stagedoor, member, isEnding } = this.#parts;
    const cached = cachedReadiness(readinessChecks(stagedoor), READINESS);
    return async () => {
      if (isEnding() && !member?.isReplaced) return { ready: false, checks: { process: 'draining' } };
      return this.#isStarted ? cached() : { ready: false, checks: { process: 'starting' } };
    };
  }
}

/** As many as are configured, unless the process may not open so many files. */
function connectionsOf({ config: { connectionLimit }, logger }: ServingParts): number {
  const connections = mostConnections(connectionLimit);
  if (connections < connectionLimit)
    logger.warn({ connections }, 'this process may open too few files for OAUTH2_CONNECTION_LIMIT');
  return connections;
}

/** What `/metrics` answers: the figures of this process, or of all workers. */
function expositionOf({ metrics, member }: ServingParts) {
  return metrics && (member?.expose ?? metrics.expose);
}

function appParts(parts: ServingParts, readiness: Readiness): AppParts {
  const { config, logger, metrics, traced } = parts;
  const { actors, storage, sources, meter } = parts.stagedoor;
  return {
    actors,
    sources,
    logger,
    issuer: config.issuer,
    version: packageVersion(),
    registration: config,
    trustedProxies: config.trustedProxies,
    csrfKeys: deriveKeys(storage.secrets, 'csrf'),
    readiness,
    exposition: config.metricsPort === undefined ? expositionOf(parts) : undefined,
    traced,
    requestObservers: [
      (request) => {
        meter.observe(request);
      },
      ...(metrics ? [metrics.requestObserver] : []),
    ],
  };
}

/** Where requests come in, and what the log, the metrics and the panel are told of those that are turned away. */
function openDoor({ config, stagedoor, logger, metrics }: ServingParts, readiness: Readiness): FrontDoor {
  const log = logShed(logger);
  const door = new FrontDoor({
    limits: { requests: config.requestLimit, waitMs: config.requestWaitMs },
    readiness,
    onShed: (asksForToken, reason) => {
      log(reason);
      // Whoever floods probes is none of those whom the figures are about.
      if (reason !== 'probes') stagedoor.meter.observe(SHED);
      metrics?.onShed(asksForToken, reason);
    },
  });
  metrics?.watchDoor(() => door.stats);
  return door;
}
