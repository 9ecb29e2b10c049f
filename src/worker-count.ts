import type { Config } from './config.ts';

const MOST_WORKERS = 64;

/** How many processes serve. `auto` is one for each core, and one on the embedded database, which no second process can open. */
export function workerCount(
  { workers, databaseUrl }: Pick<Config, 'workers' | 'databaseUrl'>,
  cores: number,
): number {
  if (workers !== 'auto') return workers;
  return databaseUrl === undefined ? 1 : Math.min(cores, MOST_WORKERS);
}
