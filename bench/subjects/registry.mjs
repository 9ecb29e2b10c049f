import { Unavailable } from './unavailable.mjs';

/**
 * How a subject is to be started.
 * @typedef {object} Choice
 * @property {string} databaseUrl of an empty PostgreSQL database
 * @property {string} folder for its log
 * @property {string} [node] the path of the node binary
 * @property {string} [profileFolder] for CPU profiles
 * @property {string} [name]
 * @property {Record<string, string>} [env] settings that are not at their default
 * @property {string} [scope] what its client may ask for
 */

/**
 * A server under load, and a client of it.
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} base its origin
 * @property {{ client_id: string, client_secret: string }} client
 * @property {readonly number[]} pids processor time and memory are summed over them and their children
 * @property {Record<'token' | 'introspect' | 'revoke' | 'authorize' | 'jwks' | 'discovery', string>} paths
 * @property {string} [storedTokensQuery] counts the rows of issued access tokens
 * @property {(count: number) => Promise<readonly string[]>} refreshTokens makes unused ones
 * @property {() => Promise<CodeFlow>} [codeFlow]
 * @property {Partial<Record<'introspect' | 'revoke' | 'code', string>>} [unsupported] why it cannot
 * @property {number} [maxConnections] the most that it is measured with
 * @property {() => Promise<void>} stop
 */

/**
 * A request of a live session that is answered by a redirect with a code, and what redeems it besides the code.
 * @typedef {{ authorizeUrl: string, cookie: string, redemption: Record<string, string> }} CodeFlow
 */

/** @typedef {(choice: Choice) => Promise<Subject>} Start */

/** What is measured unless other subjects are named; those that are not available are left out. */
export const DEFAULT_SUBJECTS = ['bare', 'stagedoor', 'stagedoor-2', 'oidc-provider', 'hydra'];

/** All that can be measured: NAME is the module NAME.mjs of this folder. */
export const SUBJECTS = [
  ...DEFAULT_SUBJECTS,
  'oidc-provider-opaque',
  'hydra-opaque',
  'hydra-pbkdf2-1',
  'unobserved',
  'observed',
];

/**
 * @param {string} name one of SUBJECTS
 * @returns {Promise<{ start: Start, usesDatabase?: boolean }>}
 */
export async function loadSubject(name) {
  try {
    return await import(`./${name}.mjs`);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Unavailable(`bench/subjects/${name}.mjs, or a package that it imports, is missing`);
  }
}
