import { startHydra } from '../peers/hydra/start.mjs';

/** Ory Hydra with JWT access tokens: client secrets are hashed as it comes, by PBKDF2 with 25,000 rounds a request. */
export const start = (choice) => startHydra(choice, { name: 'hydra', format: 'jwt' });
