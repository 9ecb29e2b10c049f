import { createHash, randomBytes } from 'node:crypto';

/** Where codes are sent; nobody listens there. */
export const REDIRECT_URI = 'https://app.example/callback';

/**
 * An authorization request with PKCE, and what redeems its code besides the code.
 * @param {string} endpoint
 * @param {string} clientId
 * @param {Record<string, string>} [more] fields of the request
 * @returns {{ url: URL, redemption: Record<string, string> }}
 */
export function codeRequest(endpoint, clientId, more = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  }).toString();
  const redemption = {
    grant_type: 'authorization_code',
    code_verifier: verifier,
    redirect_uri: REDIRECT_URI,
  };
  return { url, redemption };
}
