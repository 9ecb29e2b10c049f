import type { ActorSystem } from '../actors/actor-system.ts';

const CLOSE_TIMEOUT_MS = 5000;

/**
 * Runs one command against the actors, as the server would, and closes everything again. What that takes is loaded here,
 * so that help and mistakes are answered at once.
 */
export async function withActors<T>(
  env: NodeJS.ProcessEnv,
  run: (actors: ActorSystem) => Promise<T>,
): Promise<T> {
  const [{ loadConfig }, { openLog }, { openStagedoor }] = await Promise.all([
    import('../config.ts'),
    import('../log.ts'),
    import('../stagedoor.ts'),
  ]);
  const { config, warnings } = loadConfig(env);
  const log = openLog('warn', 2);
  for (const warning of warnings) log.logger.warn(warning);
  try {
    const stagedoor = await openStagedoor(config, log.logger, () => undefined);
    try {
      return await run(stagedoor.actors);
    } finally {
      await stagedoor.close(CLOSE_TIMEOUT_MS);
    }
  } finally {
    log.flush();
  }
}
