/** The cheapest hash of client secrets that Hydra can be told. */
export const ONE_ROUND = { algorithm: 'pbkdf2', pbkdf2: { iterations: 1 } };
