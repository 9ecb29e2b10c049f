import { kept } from './global-setup.ts';
import { SERVER_URL_VARIABLE, dropTestDatabases } from './postgres.ts';

export default async function tearDown(): Promise<void> {
  if (kept.postgres === undefined) return dropTestDatabases();
  await kept.postgres.stop();
  delete process.env[SERVER_URL_VARIABLE]; // for the next run in watch mode
}
