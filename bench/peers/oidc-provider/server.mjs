// node-oidc-provider on PostgreSQL, as a process of its own. It is told what to be in OIDC_PEER, as JSON:
// { port, databaseUrl, format: 'jwt' | 'opaque', client: { client_id, client_secret }, redirectUri, scope }
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { openTables } from './adapter.mjs';

const { port, databaseUrl, format, client, redirectUri, scope } = JSON.parse(process.env.OIDC_PEER);
const issuer = `http://127.0.0.1:${port}`;
const RESOURCE = 'https://api.example';
const ACCOUNT = 'a-user';
const ACCESS_TOKEN_SECONDS = 3600;

const { adapter, pool } = await openTables(databaseUrl);
const provider = new Provider(issuer, configuration());
const answer = provider.callback();
const server = createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) void signIn(request, response);
  else void answer(request, response);
});
server.listen(port, '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool.end();
});

function configuration() {
  return {
    adapter,
    // Given here, and so in memory: a client costs no statement.
    clients: [
      {
        ...client,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE, // every token is for the one API, whether or not the request names it
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience: RESOURCE,
          accessTokenTTL: ACCESS_TOKEN_SECONDS,
          accessTokenFormat: format,
          ...(format === 'jwt' && { jwt: { sign: { alg: 'ES256' } } }),
        }),
      },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_context, { grantTypes }) => grantTypes.includes('refresh_token'),
    expiresWithSession: () => false, // so that using a token needs no look at the session
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: existingGrant,
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'peer' };
}

/** A first-party client: its users are not asked for consent. The grant is made once and found by the session. */
async function existingGrant({ oidc }) {
  const known = oidc.session.grantIdFor(oidc.client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addResourceScope(RESOURCE, scope);
  await grant.save();
  return grant;
}

/** The login page, without the page: whoever comes is the user. */
async function signIn(request, response) {
  try {
    await provider.interactionFinished(request, response, { login: { accountId: ACCOUNT } });
  } catch (error) {
    response.writeHead(400).end(error.message);
  }
}
