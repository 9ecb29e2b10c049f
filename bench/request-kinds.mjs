// The kinds of requests that workloads are made of, for any subject.
import { randomBytes } from 'node:crypto';
import { post } from './requests.mjs';

const TOKENS_AT_ONCE = 20;
const SEEDS_BEYOND_CONNECTIONS = 16;
const FORGED_CHARACTERS = 40;
const ISSUE = { grant_type: 'client_credentials' };

/** @typedef {import('./subjects/registry.mjs').Subject} Subject */
/** @typedef {import('./plan.mjs').Kind} Kind */

/** A refresh token that came is the next to be rotated. */
export const REFRESH_TOKEN = {
  name: 'refresh_token',
  from: 'body',
  after: '"refresh_token":"',
  until: '"',
  into: 'refresh',
};
/** A code that came is redeemed at once. */
export const CODE = { name: 'code', from: 'location', after: 'code=', until: '&', into: 'redeem' };
export const ACCESS_TOKEN = { name: 'access_token', from: 'body', after: '"access_token":"', until: '"' };

/** @param {Subject} subject @returns {Kind} */
export function issue({ client, paths }, weight = 1) {
  return { ...formTo(paths.token, client, ISSUE), name: 'issue', weight };
}

/** @param {Subject} subject @returns {Promise<Kind>} */
export async function introspectLive(subject, tokens, weight = 1) {
  const values = await accessTokens(subject, tokens);
  return { ...introspection(subject, values), name: 'introspect', weight, expects: '"active":true' };
}

/** @param {Subject} subject @returns {Promise<Kind>} */
export async function introspectRevoked(subject, tokens) {
  const { base, client, paths } = subject;
  const values = await accessTokens(subject, tokens);
  for (let at = 0; at < values.length; at += TOKENS_AT_ONCE) {
    const some = values.slice(at, at + TOKENS_AT_ONCE);
    await Promise.all(some.map((token) => revoke(new URL(paths.revoke, base), client, token)));
  }
  return {
    ...introspection(subject, values),
    name: 'introspect-revoked',
    weight: 1,
    expects: '"active":false',
  };
}

/** Tokens that are none, in the costliest way: all is right but the end of the signature. */
export async function introspectUnknown(subject, tokens) {
  const values = (await accessTokens(subject, tokens)).map((token) => {
    const forged = randomBytes(FORGED_CHARACTERS).toString('base64url').slice(0, FORGED_CHARACTERS);
    return token.slice(0, -FORGED_CHARACTERS) + forged;
  });
  return {
    ...introspection(subject, values),
    name: 'introspect-unknown',
    weight: 1,
    expects: '"active":false',
  };
}

/** @param {Subject} subject @returns {Promise<Kind>} */
export async function refresh({ client, paths, refreshTokens }, connections, weight = 1) {
  return {
    ...formTo(paths.token, client, { grant_type: 'refresh_token', refresh_token: '' }),
    name: 'refresh',
    weight,
    values: await refreshTokens(connections + SEEDS_BEYOND_CONNECTIONS),
    use: 'once',
  };
}

/** An authorization request of a person who is signed in, and the redemption of its code. */
export async function code({ client, paths, codeFlow }, weight = 1) {
  const { authorizeUrl, cookie, redemption } = await codeFlow();
  return [
    {
      name: 'authorize',
      weight,
      method: 'GET',
      path: authorizeUrl,
      cookie,
      gives: ['code'],
    },
    {
      ...formTo(paths.token, client, { ...redemption, code: '' }),
      name: 'redeem',
      weight: 0,
      values: [],
      use: 'once',
    },
  ];
}

/** @returns {Kind} */
export function page(path, expects) {
  return { name: 'page', weight: 1, method: 'GET', path, expects };
}

function introspection({ client, paths }, values) {
  return { ...formTo(paths.introspect, client, { token: '' }), values };
}

function formTo(path, client, fields) {
  return { method: 'POST', path, prefix: new URLSearchParams({ ...client, ...fields }).toString() };
}

async function accessTokens({ base, client, paths }, count) {
  const url = new URL(paths.token, base);
  const made = [];
  while (made.length < count) {
    const some = Array.from({ length: Math.min(TOKENS_AT_ONCE, count - made.length) }, () =>
      post(url, client, ISSUE),
    );
    made.push(...(await Promise.all(some)).map((answer) => answer.access_token));
  }
  return made;
}

async function revoke(url, client, token) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ ...client, token }) });
  await response.arrayBuffer(); // some answer with nothing
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
}
