import { ONE_ROUND } from '../peers/hydra/hashers.mjs';
import { startHydra } from '../peers/hydra/start.mjs';

/** Ory Hydra with the tokens that it gives by default, which it stores and does not sign, and the cheapest hash. */
export const start = (choice) =>
  startHydra(choice, { name: 'hydra-opaque', format: 'opaque', hashers: ONE_ROUND });
