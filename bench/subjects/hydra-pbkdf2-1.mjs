import { startHydra } from '../peers/hydra/start.mjs';

const ONE_ROUND = { algorithm: 'pbkdf2', pbkdf2: { iterations: 1 } };

/** Ory Hydra with the cheapest hash of client secrets that it can be told, so that its other work shows. */
export const start = (choice) => startHydra(choice, { name: 'hydra-pbkdf2-1', hashers: ONE_ROUND });
