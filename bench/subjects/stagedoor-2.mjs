// Stagedoor on two processes.
import { startStagedoor } from './stagedoor.mjs';

/** @type {import('./registry.mjs').Start} */
export const start = (choice) =>
  startStagedoor({ name: 'stagedoor-2', ...choice, env: { OAUTH2_WORKERS: '2', ...choice.env } });
