import { startHydra } from '../peers/hydra/start.mjs';

/** Ory Hydra as it comes, with JWT access tokens: client secrets are hashed with PBKDF2, 25,000 rounds a request. */
export const start = (choice) => startHydra(choice, { name: 'hydra' });
