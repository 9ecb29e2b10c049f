import type { Logger } from 'pino';
import { startActors, type ActorSystem } from './actors/actor-system.ts';
import { CLIENT_CHANGES } from './actors/client/store.ts';
import { KEY_CHANGES } from './actors/keys/store.ts';
import { TrafficMeter } from './actors/replicas/traffic-meter.ts';
import { combineObservers } from './actors/runtime/observers.ts';
import type { Config } from './config.ts';
import { loggingObserver } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Sources } from './oauth/sources.ts';
import { openSigner } from './open-signer.ts';
import { openStorage, type Storage } from './storage.ts';
import { systemSources } from './system-sources.ts';

/** Storage and actors: everything but HTTP. The server and each command of the CLI stand on it. */
export interface Stagedoor {
  readonly storage: Storage;
  readonly actors: ActorSystem;
  readonly sources: Sources;
  /** Counts what is served, for all replicas' sake. */
  readonly meter: TrafficMeter;
  /** Finishes what is under way within `timeoutMs`, then lets go of everything. */
  close(timeoutMs: number): Promise<void>;
}

/** Making the first RSA key, or the first partitions, may take longer than a request is given. */
const START_TIMEOUT_MS = 30_000;

/** Opens the storage and starts the actors, with signing keys and partitions in place. */
export async function openStagedoor(
  config: Config,
  logger: Logger,
  onExhausted: (actor: string) => void,
  metrics?: Metrics,
  sources: Sources = systemSources,
): Promise<Stagedoor> {
  const storage = await openStorage(config, logger, metrics?.statementObserver);
  const logging = loggingObserver(logger);
  const meter = new TrafficMeter(sources.now);
  const signing = openSigner(config, logger);
  const actors = startActors({
    config,
    database: storage.database,
    secrets: storage.secrets,
    sources,
    meter,
    signer: signing.signer,
    observer: metrics ? combineObservers(logging, metrics.actorObserver) : logging,
    onExhausted,
    onAudited: (event) => metrics?.onAudited(event),
    onLostEvent: (event) => {
      metrics?.onLostEvent();
      logger.error({ event }, 'an audit event could not be stored');
    },
  });
  const close = async (timeoutMs: number) => {
    metrics?.unwatch();
    actors.flush();
    await actors.guardian.drain(timeoutMs);
    await signing.close();
    await storage.close();
  };
  metrics?.watch({
    actors,
    actorStats: () => actors.guardian.stats(),
    poolStats: () => storage.database.poolStats(),
    now: sources.now,
    keyRotationSeconds: config.keyRotationSeconds,
  });
  try {
    await actors.keys.ask({ type: 'ensure' }, { timeoutMs: START_TIMEOUT_MS });
    await actors.tokens.ask({ type: 'prepare' }, { timeoutMs: START_TIMEOUT_MS });
  } catch (error) {
    await close(1000);
    throw error;
  }
  return { storage, actors, sources, meter, close };
}

/** Hears of clients and signing keys that other replicas change; without a server there are none. */
export async function followChanges(
  config: Config,
  actors: ActorSystem,
): Promise<{ close(): Promise<void> }> {
  if (config.databaseUrl === undefined) return { close: () => Promise.resolve() };
  const { listen } = await import('./database/notifications.ts');
  return listen({
    url: config.databaseUrl.reveal(),
    channels: {
      [CLIENT_CHANGES]: (clientId) => {
        actors.forgetClient(clientId);
      },
      [KEY_CHANGES]: () => {
        actors.reloadKeys();
      },
    },
    onGap: () => {
      actors.forgetClient(null);
      actors.reloadKeys();
    },
  });
}
