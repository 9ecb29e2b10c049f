import { post } from './requests.mjs';

const LIVE_TOKENS = 1000;
const SEEDS_BEYOND_CONNECTIONS = 16;
const ISSUE = { grant_type: 'client_credentials' };

/**
 * A server under load, and a client of it.
 * @typedef {object} Target
 * @property {string} base
 * @property {{ client_id: string, client_secret: string }} client
 * @property {(count: number) => Promise<readonly string[]>} refreshTokens makes unused ones
 */

/**
 * @typedef {object} Workload
 * @property {string} title
 * @property {boolean} storesTokens whether each answer stands for a row in access_tokens
 * @property {(target: Target, connections: number) => Promise<import('./load.mjs').Plan>} plan made anew for each round
 */

/** @type {Readonly<Record<string, Workload>>} */
export const WORKLOADS = {
  issue: {
    title: 'Issuing access tokens (client_credentials)',
    storesTokens: true,
    plan: async ({ client }) => ({
      path: '/oauth/token',
      kind: 'cycle',
      prefix: form(client, ISSUE),
      values: [''],
    }),
  },
  introspect: {
    title: 'Introspecting live access tokens',
    storesTokens: false,
    plan: async ({ base, client }) => ({
      path: '/oauth/introspect',
      kind: 'cycle',
      prefix: form(client, { token: '' }),
      values: await repeat(
        LIVE_TOKENS,
        async () => (await post(`${base}/oauth/token`, client, ISSUE)).access_token,
      ),
    }),
  },
  refresh: {
    title: 'Rotating refresh tokens',
    storesTokens: true,
    plan: async ({ client, refreshTokens }, connections) => ({
      path: '/oauth/token',
      kind: 'chain',
      prefix: form(client, { grant_type: 'refresh_token', refresh_token: '' }),
      values: await refreshTokens(connections + SEEDS_BEYOND_CONNECTIONS),
    }),
  },
};

function form(client, fields) {
  return new URLSearchParams({ ...client, ...fields }).toString();
}

async function repeat(count, make) {
  const made = [];
  while (made.length < count) made.push(...(await Promise.all(Array.from({ length: 20 }, make))));
  return made;
}
