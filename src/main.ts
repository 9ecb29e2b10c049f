import type { Server } from 'node:http';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { loadConfig, type Config } from './config.ts';
import { describeBug } from './describe-bug.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { createApp, createMetricsApp, type AppParts } from './http/app.ts';
import { cachedReadiness, type Readiness, type ReadinessLimits } from './http/readiness.ts';
import { closeServer, createHttpServer, listenOn } from './http/server.ts';
import { openLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { deriveKeys } from './oauth/master-secret.ts';
import { readinessChecks } from './readiness-checks.ts';
import { followClientChanges, openStagedoor, type Stagedoor } from './stagedoor.ts';
import { StartupError } from './storage.ts';
import { startTracing } from './tracing/sdk.ts';
import { packageVersion } from './version.ts';
import { welcome } from './welcome.ts';

/** A probe storm costs one round of checks in this time; Kubernetes gives a probe one second. */
const READINESS: ReadinessLimits = { maxAgeMs: 1000, checkTimeoutMs: 700 };

/** A terminal's Ctrl-C may arrive twice at once, from the terminal and through npm; a person's second one comes later. */
const SAME_SIGNAL_MS = 1000;

/** What is left of the traces is sent within this time, or what the shutdown has left of it. */
const TRACES_FLUSH_MS = 3000;
const MIN_TRACES_FLUSH_MS = 500;

/** The actors' drain has at least this, however long HTTP took. */
const MIN_ACTOR_DRAIN_MS = 1000;

/** Whoever waits for the start comes first, and what has expired a little later than it might. */
const FIRST_SWEEP_AFTER_MS = 10_000;

/** Runs the server until a signal or a fault ends it; resolves to the process's exit code. Throws what keeps it from starting. */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  const { config, warnings } = loadConfig(env);
  const log = openLog(config.logLevel, 1);
  const { logger } = log;
  for (const warning of warnings) logger.warn(warning);

  const ending = new Ending(logger);
  const tracing = await startTracing(env, config.otlpEndpoint, packageVersion(), (trouble) => {
    logger.warn({ trouble }, 'trouble with tracing');
  });
  const metrics = config.metrics === 'on' ? createMetrics(packageVersion()) : undefined;
  const onExhausted = (actor: string) => {
    logger.fatal({ actor }, 'an actor crashed too often; the process ends so that it can be replaced');
    ending.end(1);
  };
  const stagedoor = await openStagedoor(config, logger, onExhausted, metrics);
  const changes = await followClientChanges(config, stagedoor.actors);
  let started = false;
  let endsAtMs = Infinity;
  const phase = () => (ending.isNear ? 'draining' : started ? 'serving' : 'starting');
  const parts = appParts(config, stagedoor, logger, phase, metrics, tracing !== undefined);
  const server = createHttpServer(createApp(parts), config.httpTimeoutMs);
  const { serverHost, serverPort, metricsPort } = config;
  const metricsServer =
    metrics && metricsPort !== undefined
      ? createHttpServer(createMetricsApp(metrics.expose, parts), config.httpTimeoutMs)
      : undefined;
  try {
    if (metricsServer && metricsPort !== undefined) {
      await listenAt(metricsServer, serverHost, metricsPort, 'OAUTH2_METRICS_PORT');
    }
    await listenAt(server, serverHost, serverPort, 'OAUTH2_SERVER_PORT');
    // Only now that nothing keeps the server from starting: the generated password is told this once.
    const generatedPassword = await ensureFirstAdmin(config, stagedoor);
    await stagedoor.actors.replicas.ask({
      type: 'join',
      name: `${hostname()}:${serverPort}`,
      version: packageVersion(),
    });
    started = true;
    const firstSweep = setTimeout(() => stagedoor.actors.sweep(), FIRST_SWEEP_AFTER_MS);
    logger.info({ issuer: config.issuer, embedded: stagedoor.storage.database.embedded }, 'ready');
    process.stderr.write(welcome(config, stagedoor.storage.database.embedded, generatedPassword));
    const exitCode = await ending.wait();
    clearTimeout(firstSweep);
    logger.info('draining');
    endsAtMs = performance.now() + config.shutdownTimeoutMs;
    await closeServer(server, config.httpTimeoutMs);
    stagedoor.actors.replicas.tell({ type: 'leave' });
    return exitCode;
  } finally {
    await changes.close();
    const leftMs = Math.min(config.shutdownTimeoutMs, endsAtMs - performance.now());
    await stagedoor.close(Math.max(MIN_ACTOR_DRAIN_MS, leftMs));
    const flushMs = Math.min(TRACES_FLUSH_MS, endsAtMs - performance.now());
    await tracing?.end(Math.max(MIN_TRACES_FLUSH_MS, flushMs));
    // Last, so that the drain can be watched.
    if (metricsServer?.listening) await closeServer(metricsServer, MIN_ACTOR_DRAIN_MS);
    logger.info('stopped');
    log.flush();
  }
}

function appParts(
  config: Config,
  { actors, storage, sources, meter }: Stagedoor,
  logger: Logger,
  phase: () => Phase,
  metrics: Metrics | undefined,
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
    exposition: config.metricsPort === undefined ? metrics?.expose : undefined,
    traced,
    requestObservers: [
      (request) => {
        meter.observe(request);
      },
      ...(metrics ? [metrics.requestObserver] : []),
    ],
  };
}

/** Only a process that is serving is ready: before that the first admin may be missing, after it the actors drain. */
type Phase = 'starting' | 'serving' | 'draining';

function readinessOf(stagedoor: Pick<Stagedoor, 'actors' | 'storage'>, phase: () => Phase): Readiness {
  const cached = cachedReadiness(readinessChecks(stagedoor), READINESS);
  return async () => (phase() === 'serving' ? cached() : { ready: false, checks: { process: phase() } });
}

/** The one way the process ends: a signal, or a fault it cannot repair. A second signal ends it at once. */
class Ending {
  readonly #exitCode: Promise<number>;
  #resolve: (exitCode: number) => void = () => undefined;
  #near = false;

  constructor(logger: Logger) {
    this.#exitCode = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    let firstAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        firstAtMs ??= performance.now();
        if (performance.now() - firstAtMs > SAME_SIGNAL_MS) process.exit(1);
        this.end(0);
      });
    }
    const onBug = (error: unknown) => {
      logger.fatal(describeBug(error), 'unexpected error outside any request');
      this.end(1);
    };
    process.on('uncaughtException', onBug);
    process.on('unhandledRejection', onBug);
  }

  get isNear(): boolean {
    return this.#near;
  }

  end(exitCode: number): void {
    this.#near = true;
    this.#resolve(exitCode);
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }
}

/** Listens, or throws a StartupError that names the setting to change. */
async function listenAt(server: Server, host: string, port: number, variable: string): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const hint = code === 'EADDRINUSE' ? `another process uses the port; stop it or set ${variable}` : code;
    throw new StartupError(`Cannot listen on ${host} port ${port}: ${hint}`);
  }
}
