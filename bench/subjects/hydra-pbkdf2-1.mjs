import { ONE_ROUND } from '../peers/hydra/hashers.mjs';
import { startHydra } from '../peers/hydra/start.mjs';

/** Ory Hydra with JWT access tokens and the cheapest hash of client secrets, so that its other work shows. */
export const start = (choice) =>
  startHydra(choice, { name: 'hydra-pbkdf2-1', format: 'jwt', hashers: ONE_ROUND });
