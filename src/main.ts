import type { Logger } from 'pino';
import type { Member } from './cluster/member.ts';
import { loadConfig, type Config } from './config.ts';
import { Ending } from './ending.ts';
import { openLog } from './log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { Serving } from './serving.ts';
import { followChanges, openStagedoor } from './stagedoor.ts';
import { startTracing } from './tracing/sdk.ts';
import { packageVersion } from './version.ts';
import { onceMigrated } from './waiting-room.ts';

/** What is left of the traces is sent within this time, or what the shutdown has left of it. */
const TRACES_FLUSH_MS = 3000;
const MIN_TRACES_FLUSH_MS = 500;

/** The actors' drain has at least this, however long HTTP took. */
const MIN_ACTOR_DRAIN_MS = 1000;

/**
 * Runs the server until a signal or a fault ends it; resolves to the process's exit code. Throws what keeps it from starting.
 * `member`: this process is one of several workers.
 */
export async function serve(
  env: NodeJS.ProcessEnv,
  { config, warnings } = loadConfig(env),
  member?: Member,
): Promise<number> {
  const log = openLog(config.logLevel, 1, member && { worker: member.number });
  const { logger } = log;
  // Several workers would say the same.
  if (!member) sayAtStart(config, warnings, logger);
  const ending = new Ending(logger, undefined, config.shutdownDelayMs);
  member?.drainBy((reason) => {
    ending.end(0, reason === 'announced' ? config.shutdownDelayMs : 0);
  });
  const tracing = await openTracing(env, config, logger);
  const metrics = config.metrics === 'on' ? createMetrics(packageVersion(), member !== undefined) : undefined;
  if (metrics) member?.collectBy(metrics.figures);
  const open = () => openStagedoor(config, logger, endWhenExhausted(ending, logger), metrics);
  // One that replaces a worker would be dealt the requests that the others can answer.
  const stagedoor = await onceMigrated(open, config, logger, ending, member?.isFirst !== false);
  if (!stagedoor) {
    // There is nobody to serve on for.
    ending.end(0);
    await tracing?.end(MIN_TRACES_FLUSH_MS);
    return ending.wait();
  }
  const changes = await followChanges(config, stagedoor.actors);
  const isEnding = () => ending.isNear;
  const traced = tracing !== undefined;
  const serving = new Serving({ config, stagedoor, logger, metrics, traced, member, isEnding });
  let endsAtMs = Infinity;
  const leftMs = (atLeast: number, atMost: number) =>
    Math.max(atLeast, Math.min(atMost, endsAtMs - performance.now()));
  try {
    await serving.start();
    const exitCode = await ending.wait();
    logger.info('draining');
    endsAtMs = performance.now() + config.shutdownTimeoutMs;
    await serving.drain();
    return exitCode;
  } finally {
    await changes.close();
    await stagedoor.close(leftMs(MIN_ACTOR_DRAIN_MS, config.shutdownTimeoutMs));
    await member?.leave();
    await tracing?.end(leftMs(MIN_TRACES_FLUSH_MS, TRACES_FLUSH_MS));
    await serving.close();
    logger.info('stopped');
    log.flush();
  }
}

function sayAtStart(config: Config, warnings: readonly string[], logger: Logger): void {
  for (const warning of warnings) logger.warn(warning);
  if (config.workers === 'auto' && config.databaseUrl === undefined)
    logger.info('OAUTH2_WORKERS=auto means one worker here: only one process can open the embedded database');
}

function openTracing(env: NodeJS.ProcessEnv, { otlpEndpoint }: Config, logger: Logger) {
  return startTracing(env, otlpEndpoint, packageVersion(), (trouble) => {
    logger.warn({ trouble }, 'trouble with tracing');
  });
}

function endWhenExhausted(ending: Ending, logger: Logger) {
  return (actor: string) => {
    logger.fatal({ actor }, 'an actor crashed too often; the process ends so that it can be replaced');
    ending.end(1);
  };
}
