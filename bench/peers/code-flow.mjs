// Code flows of peers: the request, a browser that goes through it, and the refresh tokens that it gives.
import { randomBytes } from 'node:crypto';
import { post } from '../requests.mjs';
import { codeRequest, REDIRECT_URI } from '../subjects/code-request.mjs';

const MAX_STEPS = 20;
const AT_ONCE = 8;

/**
 * An authorization request with PKCE, and the fields that redeem its code.
 * @param {string} authorizationEndpoint
 * @param {{ client_id: string }} client
 * @param {string} scope
 */
export function authorizationRequest(authorizationEndpoint, client, scope) {
  const state = randomBytes(16).toString('base64url');
  const { url, redemption } = codeRequest(authorizationEndpoint, client.client_id, { scope, state });
  return { authorizeUrl: url.href, redemption };
}

/** Keeps cookies, and follows redirects until one leads to the client. */
export class Walker {
  #cookies;

  /** @param {string} [cookie] of a session that lives */
  constructor(cookie) {
    this.#cookies = new Map(cookie?.split('; ').map((pair) => pair.split(/=(.*)/s, 2)));
  }

  /** The cookies whose names begin so, as a request sends them. */
  cookie(prefix = '') {
    return [...this.#cookies]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
  }

  /**
   * Resolves to the code.
   * @param {string} start
   * @param {(url: URL) => Promise<string | undefined>} [elsewhere] where a page that is not the server's leads to
   * @returns {Promise<string>}
   */
  async codeFrom(start, elsewhere = async () => undefined) {
    let url = new URL(start);
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (url.href.startsWith(REDIRECT_URI)) return codeIn(url);
      url = new URL((await elsewhere(url)) ?? (await this.#step(url)));
    }
    throw new Error(`the authorization request gave no code in ${MAX_STEPS} steps`);
  }

  async #step(url) {
    const response = await fetch(url, { headers: { cookie: this.cookie() }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get('location');
    if (location === null) {
      throw new Error(`${url.pathname} answered ${response.status}: ${await response.text()}`);
    }
    await response.body?.cancel();
    return new URL(location, url);
  }

  #keep(line) {
    const [pair] = line.split(';', 1);
    const name = pair.slice(0, pair.indexOf('='));
    if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(name.length + 1));
  }
}

/**
 * Refresh tokens by codes that are redeemed, some at a time.
 * @param {number} count
 * @param {{ tokenEndpoint: string, client: Record<string, string>, newCode: () => Promise<Record<string, string>> }} how
 * @returns {Promise<string[]>}
 */
export async function refreshTokens(count, { tokenEndpoint, client, newCode }) {
  const tokens = [];
  const worker = async () => {
    while (tokens.length < count) {
      const { refresh_token: token } = await post(tokenEndpoint, client, await newCode());
      if (token === undefined) throw new Error('a redeemed code gave no refresh token');
      tokens.push(token);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
  return tokens.slice(0, count);
}

function codeIn(url) {
  const code = url.searchParams.get('code');
  if (code === null) throw new Error(`the authorization request was refused: ${url.search}`);
  return code;
}
