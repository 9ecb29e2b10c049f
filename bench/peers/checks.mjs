// What the workloads ask of a server, once each.
import assert from 'node:assert/strict';
import { post } from '../requests.mjs';
import { Walker } from './code-flow.mjs';

/** How often each request is sent, so that what the server does now and then does not show as what it does always. */
export const TIMES = 10;

const ISSUE = { grant_type: 'client_credentials' };

/** Each prepares what it needs, and resolves to the request that is counted and checks its answer. */
export const CHECKS = {
  token: async (subject) => async () => {
    const answer = await tell(subject, 'token', ISSUE);
    assert.equal(answer.token_type.toLowerCase(), 'bearer');
    return `${kindOf(answer.access_token)}, ${answer.expires_in} s`;
  },

  introspect: async (subject) => {
    const tokens = await accessTokens(subject);
    return async () =>
      assert.equal((await tell(subject, 'introspect', { token: tokens.pop() })).active, true);
  },

  revoke: async (subject) => {
    const tokens = await accessTokens(subject);
    return async () => revoke(subject, tokens.pop());
  },

  'introspect revoked': async (subject) => {
    const tokens = await accessTokens(subject);
    for (const token of tokens) await revoke(subject, token);
    return async () =>
      assert.equal((await tell(subject, 'introspect', { token: tokens.pop() })).active, false);
  },

  'introspect unknown': async (subject) => async () => {
    assert.equal(
      (await tell(subject, 'introspect', { token: 'no-such-token-was-ever-issued' })).active,
      false,
    );
  },

  refresh: async (subject) => {
    let [token] = await subject.refreshTokens(1);
    return async () => {
      const answer = await tell(subject, 'token', { grant_type: 'refresh_token', refresh_token: token });
      assert.notEqual(answer.refresh_token, token, 'the refresh token was not rotated');
      token = answer.refresh_token;
      return kindOf(answer.access_token);
    };
  },

  code: async (subject) => {
    const { authorizeUrl, cookie, redemption } = await subject.codeFlow();
    return async () => {
      const code = await new Walker(cookie).codeFrom(authorizeUrl);
      const answer = await tell(subject, 'token', { ...redemption, code });
      return `${kindOf(answer.access_token)}, ${answer.refresh_token ? 'with' : 'without'} a refresh token`;
    };
  },

  jwks: async (subject) => async () => {
    const { keys } = await get(subject, 'jwks');
    return keys.map(({ alg }) => alg).join(' ');
  },

  discovery: async (subject) => async () => (await get(subject, 'discovery')).issuer,
};

async function accessTokens(subject) {
  const tokens = [];
  while (tokens.length < TIMES) tokens.push((await tell(subject, 'token', ISSUE)).access_token);
  return tokens;
}

function tell({ base, paths, client }, path, fields) {
  return post(new URL(paths[path], base).href, client, fields);
}

/** Its answer may have no body. */
async function revoke({ base, paths, client }, token) {
  const body = new URLSearchParams({ ...client, token });
  const response = await fetch(new URL(paths.revoke, base), { method: 'POST', body });
  assert.equal(response.status, 200, await response.text());
}

async function get({ base, paths }, path) {
  const response = await fetch(new URL(paths[path], base));
  assert.equal(response.status, 200);
  return response.json();
}

function kindOf(token) {
  const [header, , signature] = token.split('.');
  return signature === undefined ? 'opaque' : JSON.parse(Buffer.from(header, 'base64url')).alg;
}
