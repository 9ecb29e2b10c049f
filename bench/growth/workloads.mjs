// What is asked of the server: each request for a client, a grant or a person drawn at random out of all.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { deriveKeys } from '../../dist/src/oauth/master-secret.js';
import { encodeRefreshToken } from '../../dist/src/oauth/refresh-token.js';
import { Sensitive } from '../../dist/src/oauth/sensitive.js';
import * as filled from './fill.mjs';

const LIVE_TOKENS = 2000;
const VERIFIER = randomBytes(32).toString('base64url');
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

/** One of each hundred requests of the mix. */
const MIX = [
  ['introspect', 60],
  ['issue', 25],
  ['refresh', 10],
  ['code', 5],
];

/**
 * The workloads of a step: for each, what makes one request (or, of the code flow, both) and resolves when it is answered.
 * @param {import('./requests.mjs').Http} http
 * @param {filled.Size} size
 * @param {string} secret the server's
 * @returns {Promise<Record<string, () => Promise<void>>>}
 */
export async function workloadsOf(http, size, secret) {
  const anyClient = () => filled.clientOf(randomInt(1, size.clients + 1));
  const issue = async () => {
    const client = anyClient();
    const { access_token: token } = await http.post('/oauth/token', {
      ...client,
      grant_type: 'client_credentials',
    });
    return { ...client, token };
  };
  const live = [];
  while (live.length < LIVE_TOKENS) live.push(...(await Promise.all(Array.from({ length: 10 }, issue))));
  const introspect = async () => {
    const { active } = await http.post('/oauth/introspect', live[randomInt(live.length)]);
    if (!active) throw new Error('a live token was said to be none');
  };
  const refresh = refreshing(http, size, secret);
  const code = () => codeFlow(http, anyClient(), randomInt(1, filled.usersOf(size) + 1));
  const one = { issue, introspect, refresh, code };
  const hundred = MIX.flatMap(([name, share]) => Array.from({ length: share }, () => one[name]));
  return { ...one, mix: () => hundred[randomInt(100)]() };
}

/** All grants in turn, in an order that has nothing to do with where their rows are; at each pass with the token of the pass before. */
function refreshing(http, size, secret) {
  const [key] = deriveKeys([new Sensitive(secret)], 'refresh-token');
  const grants = filled.grantsOf(size);
  const start = randomInt(grants);
  const stride = coprime(grants);
  let turn = 0;
  return async () => {
    const generation = Math.floor(turn / grants);
    const number = 1 + ((start + turn * stride) % grants);
    turn += 1;
    await http.post('/oauth/token', {
      ...filled.clientOf(filled.clientNumberOfGrant(number, size)),
      grant_type: 'refresh_token',
      refresh_token: encodeRefreshToken(key, { grantId: filled.grantIdOf(number), generation }),
    });
  };
}

/** A number near the golden part that shares no divisor with the other, so that its multiples reach all remainders. */
function coprime(count) {
  const divides = (a, b) => (b === 0 ? a : divides(b, a % b));
  let stride = Math.floor(count * 0.618);
  while (divides(count, stride) !== 1) stride += 1;
  return stride;
}

async function codeFlow(http, client, userNumber) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: filled.REDIRECT_URI,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  });
  const location = await http.redirect(`/oauth/authorize?${query}`, {
    cookie: `stagedoor_session=${filled.sessionOf(userNumber)}`,
  });
  const code = new URL(location).searchParams.get('code');
  if (code === null) throw new Error('the authorization request gave no code');
  await http.post('/oauth/token', {
    ...client,
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    redirect_uri: filled.REDIRECT_URI,
  });
}
