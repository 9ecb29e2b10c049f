import type { Server } from 'node:http';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Member } from './cluster/member.ts';
import { loadConfig, type Config } from './config.ts';
import { Ending } from './ending.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { createApp, type AppParts } from './http/app.ts';
import { FrontDoor } from './http/front-door.ts';
import { cachedReadiness, type Readiness, type ReadinessLimits } from './http/readiness.ts';
import type { Exposition } from './http/routes/metrics.ts';
import { closeServer, createHttpServer } from './http/server.ts';
import { listenAt, openMetricsPort } from './listen-at.ts';
import { logShed, openLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { deriveKeys } from './oauth/master-secret.ts';
import { readinessChecks } from './readiness-checks.ts';
import { followChanges, openStagedoor, type Stagedoor } from './stagedoor.ts';
import { startTracing } from './tracing/sdk.ts';
import { packageVersion } from './version.ts';
import { onceMigrated } from './waiting-room.ts';
import { welcome } from './welcome.ts';

/** A probe storm costs one round of checks in this time; Kubernetes gives a probe one second. */
const READINESS: ReadinessLimits = { maxAgeMs: 1000, checkTimeoutMs: 700 };

/** What is left of the traces is sent within this time, or what the shutdown has left of it. */
const TRACES_FLUSH_MS = 3000;
const MIN_TRACES_FLUSH_MS = 500;

/** What the panel's figures say of a request that was turned away: it failed, at once. */
const SHED = { route: 'shed', status: 503, durationMs: 0 };

/** The actors' drain has at least this, however long HTTP took. */
const MIN_ACTOR_DRAIN_MS = 1000;

/** Whoever waits for the start comes first, and what has expired a little later than it might. */
const FIRST_SWEEP_AFTER_MS = 10_000;

/** A worker that was replaced is in no hurry: a connection that lies idle is closed only when its client is not likely to be about to use it. */
const REPLACED_QUIET_MS = 2000;

/**
 * Runs the server until a signal or a fault ends it; resolves to the process's exit code. Throws what keeps it from starting.
 * `member`: this process is one of several workers.
 */
export async function serve(
  env: NodeJS.ProcessEnv,
  { config, warnings } = loadConfig(env),
  member?: Member,
): Promise<number> {
  const log = openLog(config.logLevel, 1, member?.number);
  const { logger } = log;
  // Several workers would say the same.
  if (!member) sayAtStart(config, warnings, logger);

  const ending = new Ending(logger, undefined, config.shutdownDelayMs);
  member?.drainBy((reason) => {
    ending.end(0, reason === 'announced' ? config.shutdownDelayMs : 0);
  });
  const tracing = await startTracing(env, config.otlpEndpoint, packageVersion(), (trouble) => {
    logger.warn({ trouble }, 'trouble with tracing');
  });
  const metrics = config.metrics === 'on' ? createMetrics(packageVersion(), member !== undefined) : undefined;
  if (metrics) member?.collectBy(metrics.figures);
  const onExhausted = (actor: string) => {
    logger.fatal({ actor }, 'an actor crashed too often; the process ends so that it can be replaced');
    ending.end(1);
  };
  const open = () => openStagedoor(config, logger, onExhausted, metrics);
  const stagedoor = await onceMigrated(open, config, logger, ending).catch((error: unknown) => {
    // The warnings may say why.
    log.flush();
    throw error;
  });
  if (!stagedoor) {
    await tracing?.end(MIN_TRACES_FLUSH_MS);
    log.flush();
    return ending.wait();
  }
  const changes = await followChanges(config, stagedoor.actors);
  // There is an admin when a worker that is not the first starts, and a probe that it gets is to find it ready.
  let started = member?.isFirst === false;
  let endsAtMs = Infinity;
  const phase = () => (ending.isNear && !member?.isReplaced ? 'draining' : started ? 'serving' : 'starting');
  const expose = metrics && (member?.expose ?? metrics.expose);
  const parts = appParts(config, stagedoor, logger, phase, metrics, expose, tracing !== undefined);
  const door = openDoor(config, stagedoor, logger, metrics);
  const server = createHttpServer(createApp(parts), config.httpTimeoutMs, door);
  const { serverHost, serverPort } = config;
  let metricsServer: Server | undefined;
  try {
    // Workers leave it to their primary.
    if (!member) metricsServer = await openMetricsPort(config, expose, parts);
    await listenAt(server, serverHost, serverPort, 'OAUTH2_SERVER_PORT');
    // Only now that nothing keeps the server from starting: the generated password is told this once.
    const generatedPassword = started ? undefined : await ensureFirstAdmin(config, stagedoor);
    await stagedoor.actors.replicas.ask({
      type: 'join',
      name: `${hostname()}:${serverPort}${member ? ` worker ${member.number}` : ''}`,
      version: packageVersion(),
    });
    started = true;
    const firstSweep = setTimeout(() => stagedoor.actors.sweep(), FIRST_SWEEP_AFTER_MS);
    logger.info({ issuer: config.issuer, embedded: stagedoor.storage.database.embedded }, 'ready');
    if (member?.isFirst !== false)
      process.stderr.write(welcome(config, stagedoor.storage.database.embedded, generatedPassword));
    member?.ready();
    const exitCode = await ending.wait();
    clearTimeout(firstSweep);
    logger.info('draining');
    endsAtMs = performance.now() + config.shutdownTimeoutMs;
    await closeServer(server, config.httpTimeoutMs, member?.isReplaced ? REPLACED_QUIET_MS : undefined);
    stagedoor.actors.replicas.tell({ type: 'leave' });
    return exitCode;
  } finally {
    await changes.close();
    const leftMs = Math.min(config.shutdownTimeoutMs, endsAtMs - performance.now());
    await stagedoor.close(Math.max(MIN_ACTOR_DRAIN_MS, leftMs));
    await member?.leave();
    const flushMs = Math.min(TRACES_FLUSH_MS, endsAtMs - performance.now());
    await tracing?.end(Math.max(MIN_TRACES_FLUSH_MS, flushMs));
    // Last, so that the drain can be watched.
    if (metricsServer?.listening) await closeServer(metricsServer, MIN_ACTOR_DRAIN_MS);
    logger.info('stopped');
    log.flush();
  }
}

function sayAtStart(config: Config, warnings: readonly string[], logger: Logger): void {
  for (const warning of warnings) logger.warn(warning);
  if (config.workers === 'auto' && config.databaseUrl === undefined)
    logger.info('OAUTH2_WORKERS=auto means one worker here: only one process can open the embedded database');
}

function appParts(
  config: Config,
  { actors, storage, sources, meter }: Stagedoor,
  logger: Logger,
  phase: () => Phase,
  metrics: Metrics | undefined,
  expose: Exposition | undefined,
  traced: boolean,
): AppParts {
  return {
    actors,
    sources,
    logger,
    issuer: config.issuer,
    version: packageVersion(),
    registration: config,
    trustedProxies: config.trustedProxies,
    csrfKeys: deriveKeys(storage.secrets, 'csrf'),
    readiness: readinessOf({ actors, storage }, phase),
    exposition: config.metricsPort === undefined ? expose : undefined,
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
function openDoor(
  config: Config,
  { meter }: Stagedoor,
  logger: Logger,
  metrics: Metrics | undefined,
): FrontDoor {
  const log = logShed(logger);
  const door = new FrontDoor({
    limits: { requests: config.requestLimit, waitMs: config.requestWaitMs },
    onShed: (asksForToken, reason) => {
      log(reason);
      meter.observe(SHED);
      metrics?.onShed(asksForToken, reason);
    },
  });
  metrics?.watchDoor(() => door.stats);
  return door;
}

/** Only a process that is serving is ready: before that the first admin may be missing, after it the actors drain. */
type Phase = 'starting' | 'serving' | 'draining';

function readinessOf(stagedoor: Pick<Stagedoor, 'actors' | 'storage'>, phase: () => Phase): Readiness {
  const cached = cachedReadiness(readinessChecks(stagedoor), READINESS);
  return async () => (phase() === 'serving' ? cached() : { ready: false, checks: { process: phase() } });
}
