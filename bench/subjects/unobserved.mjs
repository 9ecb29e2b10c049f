// Stagedoor without metrics and traces.
import { startStagedoor } from './stagedoor.mjs';

/** @type {import('./registry.mjs').Start} */
export const start = (choice) =>
  startStagedoor({ name: 'unobserved', ...choice, env: { OAUTH2_METRICS: 'off', ...choice.env } });
