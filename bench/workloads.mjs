import { makePlan } from './plan.mjs';
import {
  ACCESS_TOKEN,
  CODE,
  code,
  introspectLive,
  introspectRevoked,
  introspectUnknown,
  issue,
  page,
  refresh,
  REFRESH_TOKEN,
} from './request-kinds.mjs';

/** @typedef {import('./subjects/registry.mjs').Subject} Subject */

/** @typedef {{ connections: number, tokens: number }} Size tokens: how many different ones introspection asks about */

/**
 * @typedef {object} Workload
 * @property {string} title
 * @property {string} unit what is counted
 * @property {string} [counts] the capture that is counted; default: every good answer
 * @property {'each' | 'captured' | 'none'} stores which answers stand for a row of an issued token: all, or those with one
 * @property {readonly ('introspect' | 'revoke' | 'code')[]} needs what not every subject can
 * @property {(subject: Subject, size: Size) => Promise<import('./plan.mjs').Plan>} plan made anew for each round
 */

const ANSWERS = { unit: 'answers', stores: 'none', needs: [] };

/** @type {Readonly<Record<string, Workload>>} */
export const WORKLOADS = {
  issue: {
    ...ANSWERS,
    title: 'Issuing access tokens (client_credentials)',
    stores: 'each',
    plan: async (subject) => makePlan([issue(subject)]),
  },
  introspect: {
    ...ANSWERS,
    title: 'Introspecting live access tokens',
    needs: ['introspect'],
    plan: async (subject, { tokens }) => makePlan([await introspectLive(subject, tokens)]),
  },
  'introspect-revoked': {
    ...ANSWERS,
    title: 'Introspecting revoked access tokens',
    needs: ['introspect', 'revoke'],
    plan: async (subject, { tokens }) => makePlan([await introspectRevoked(subject, tokens)]),
  },
  'introspect-unknown': {
    ...ANSWERS,
    title: 'Introspecting tokens that are none',
    needs: ['introspect'],
    plan: async (subject, { tokens }) => makePlan([await introspectUnknown(subject, tokens)]),
  },
  refresh: {
    ...ANSWERS,
    title: 'Rotating refresh tokens',
    stores: 'each',
    plan: async (subject, { connections }) =>
      makePlan([await refresh(subject, connections)], [REFRESH_TOKEN]),
  },
  code: {
    title: 'The code flow: authorization request of a live session, code, token',
    unit: 'flows',
    counts: ACCESS_TOKEN.name,
    stores: 'captured',
    needs: ['code'],
    plan: async (subject) => makePlan(await code(subject), [CODE, ACCESS_TOKEN]),
  },
  jwks: {
    ...ANSWERS,
    title: 'The keys (JWKS)',
    plan: async ({ paths }) => makePlan([page(paths.jwks, '"keys":[')]),
  },
  discovery: {
    ...ANSWERS,
    title: 'The metadata (discovery)',
    plan: async ({ paths }) => makePlan([page(paths.discovery, '"token_endpoint":')]),
  },
  mix: {
    title: 'A mix: 60 % introspection, 25 % client_credentials, 10 % refresh, 5 % code flow',
    unit: 'answers',
    stores: 'captured',
    needs: ['introspect', 'code'],
    plan: async (subject, { connections, tokens }) =>
      makePlan(
        [
          await introspectLive(subject, tokens, 60),
          issue(subject, 25),
          await refresh(subject, connections, 10),
          ...(await code(subject, 5)),
        ],
        [REFRESH_TOKEN, CODE, ACCESS_TOKEN],
      ),
  },
};
