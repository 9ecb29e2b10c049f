// The load: what clients, resource servers and a person's browser send all the time.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeRequest } from '../../bench/subjects/code-request.mjs';
import { newCaller } from './caller.mjs';

const PAUSE_MS = 15;
const KINDS = { kept: { keepAlive: true }, new: { keepAlive: false } };
/** How many of each are at it at once, over connections that are kept and over new ones. */
const AT_ONCE = { issue: [3, 2], introspect: [3, 1], refresh: [3, 1], code: [2, 1], session: [1, 1] };

/**
 * Starts the load.
 * @param {object} parts
 * @param {string} parts.issuer
 * @param {{ client_id: string, client_secret: string }} parts.client
 * @param {(call: typeof fetch) => Promise<import('../../bench/requests.mjs').Browser>} parts.signIn a browser with a person's session
 * @param {import('./traffic.mjs').Traffic} parts.traffic
 * @param {(kid: string) => void} parts.onToken told of the key of each token, which was verified
 */
export async function startLoad({ issuer, client, signIn, traffic, onToken }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  const verify = async (kind, token) => {
    try {
      const { protectedHeader } = await jwtVerify(token, keys, { issuer });
      onToken(protectedHeader.kid);
    } catch (error) {
      traffic.wrong(kind, `a token that does not verify: ${error.message}`);
    }
  };
  const works = [];
  for (const [over, how] of Object.entries(KINDS)) {
    const call = newCaller(how);
    const post = (kind, path, fields) =>
      traffic.one(`${kind}, ${over}`, [200], () =>
        call(issuer + path, { method: 'POST', body: new URLSearchParams({ ...client, ...fields }) }),
      );
    const actions = newActions({ issuer, client, post, verify, traffic, over });
    const browser = await signIn(call);
    for (const [name, counts] of Object.entries(AT_ONCE)) {
      for (let left = counts[over === 'kept' ? 0 : 1]; left > 0; left -= 1)
        works.push(await actions[name](browser));
    }
  }
  let isOver = false;
  const running = works.map(async (work) => {
    while (!isOver) {
      await work();
      await sleep(PAUSE_MS);
    }
  });
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** What can be done again and again, each made for one who does it. */
function newActions({ issuer, client, post, verify, traffic, over }) {
  const request = () => codeRequest(`${issuer}/oauth/authorize`, client.client_id);
  const issue = async () => {
    const answer = await post('client_credentials', '/oauth/token', { grant_type: 'client_credentials' });
    const token = answer && (await answer.json()).access_token;
    if (token) await verify('client_credentials', token);
    return token;
  };
  const codeFlow = async (browser) => {
    const { url, redemption } = request();
    const answer = await traffic.one(`authorize, ${over}`, [303, 302], () => browser.request(url));
    const code = answer?.location.searchParams.get('code');
    if (answer && !code) traffic.wrong('authorize', `no code but ${answer.location}`);
    const redeemed = code && (await post('code', '/oauth/token', { ...redemption, code }));
    if (!redeemed) return undefined;
    const tokens = await redeemed.json();
    await verify('code', tokens.access_token);
    return tokens.refresh_token;
  };
  return {
    issue: () => issue,
    introspect: async () => {
      const token = await issue();
      return async () => {
        const answer = await post('introspection', '/oauth/introspect', { token });
        if (answer && !(await answer.json()).active)
          traffic.wrong('introspection', 'a live token is said not to be');
      };
    },
    refresh: async (browser) => {
      let token = await codeFlow(browser);
      return async () => {
        const answer = await post('refresh', '/oauth/token', {
          grant_type: 'refresh_token',
          refresh_token: token,
        });
        if (!answer) return;
        const tokens = await answer.json();
        token = tokens.refresh_token;
        await verify('refresh', tokens.access_token);
      };
    },
    code: (browser) => () => codeFlow(browser),
    session: (browser) => async () => {
      const page = await traffic.one(`account page, ${over}`, [200], () =>
        browser.request(new URL('/account', issuer)),
      );
      if (page && !page.text.includes('/auth/logout')) traffic.wrong('account page', 'the session is gone');
    },
  };
}
