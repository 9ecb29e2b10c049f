import { randomBytes } from 'node:crypto';
import { RUN_VARIABLE, SERVER_URL_VARIABLE, requireServer, startPostgres } from './postgres.ts';
import type { RunningPostgres } from '../../scripts/embedded-postgres.mjs';

/** For the teardown, which runs in the same process. */
export const kept: { postgres?: RunningPostgres } = {};

/** One PostgreSQL for the whole run; the workers inherit its address from the environment. */
export default async function setUp(): Promise<void> {
  process.env[RUN_VARIABLE] = randomBytes(4).toString('hex');
  if (process.env[SERVER_URL_VARIABLE]) return requireServer();
  kept.postgres = await startPostgres();
  process.env[SERVER_URL_VARIABLE] = kept.postgres.url;
}
