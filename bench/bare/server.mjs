// What Stagedoor is measured against: the least that the same answers cost on one thread of Node. HTTP, the form, the client's
// secret, the signature and the JSON; no routing, no log, no actor, and nothing is stored.
import { hash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { introspectToken, issueToken, revokeToken, verificationKey } from './access-tokens.mjs';
import { beginCode, redeemCode } from './codes.mjs';
import { nextRefreshToken, refreshToken, newFamily } from './refresh-tokens.mjs';

const { clientId, clientSecret, redirectUri, sessionId, ownerId } = JSON.parse(process.argv[2]);
const secretHash = sha256(clientSecret);
const sessions = new Map([[sessionId, { ownerId }]]);

const FORMS = {
  '/oauth/token': token,
  '/oauth/introspect': (form) => introspectToken(form.get('token') ?? ''),
  '/oauth/revoke': (form) => revokeToken(form.get('token') ?? ''),
  '/seeds': seeds,
};
const PAGES = {
  '/oauth/authorize': authorize,
  '/.well-known/jwks.json': (_request, response) => send(response, 200, jwks),
  '/.well-known/openid-configuration': (_request, response) => send(response, 200, metadata),
};
let issuer, jwks, metadata;

const server = createServer((request, response) => {
  const path = request.url.split('?', 1)[0];
  if (request.method === 'GET') return PAGES[path](request, response);
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const answer = isClient(form) ? FORMS[path](form) : { error: 'invalid_client' };
    send(response, 'error' in answer ? 400 : 200, JSON.stringify(answer));
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  jwks = JSON.stringify({ keys: [verificationKey()] });
  metadata = JSON.stringify(describe());
  process.stdout.write(`${issuer}\n`);
});
// The benchmark holds the other end: when it is gone, so are we. By exit() even on SIGTERM, so that a profile is written.
process.stdin.resume().once('close', () => process.exit());
process.once('SIGTERM', () => process.exit());

function send(response, status, text) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

function isClient(form) {
  if (form.get('client_id') !== clientId) return false;
  return timingSafeEqual(sha256(form.get('client_secret') ?? ''), secretHash);
}

function token(form) {
  switch (form.get('grant_type')) {
    case 'client_credentials':
      return issueToken(issuer, clientId, clientId);
    case 'authorization_code': {
      const redeemed = redeemCode(form);
      if (!redeemed) return { error: 'invalid_grant' };
      return {
        ...issueToken(issuer, clientId, redeemed.ownerId),
        refresh_token: refreshToken(newFamily(), 0),
      };
    }
    default: {
      const successor = nextRefreshToken(form.get('refresh_token') ?? '');
      if (!successor) return { error: 'invalid_grant' };
      return { ...issueToken(issuer, clientId, ownerId), refresh_token: successor };
    }
  }
}

/** The authorization request of a person who is signed in and need not be asked. */
function authorize(request, response) {
  const query = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1));
  const cookie = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const session = sessions.get(cookie);
  const isKnown = query.get('client_id') === clientId && query.get('redirect_uri') === redirectUri;
  if (!session || !isKnown || query.get('code_challenge_method') !== 'S256')
    return send(response, 400, '{"error":"invalid_request"}');
  const code = beginCode(session.ownerId, query.get('redirect_uri'), query.get('code_challenge'));
  const answer = new URLSearchParams({ code, iss: issuer });
  response.writeHead(302, {
    location: `${redirectUri}?${answer.toString()}`,
    'content-length': 0,
    'cache-control': 'no-store',
  });
  response.end();
}

/** A few refresh tokens to begin with. */
function seeds(form) {
  return { seeds: Array.from({ length: Number(form.get('count')) }, () => refreshToken(newFamily(), 0)) };
}

/** As long as Stagedoor's, within a few members. */
function describe() {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    scopes_supported: ['read', 'write'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}

function sha256(text) {
  return hash('sha256', text, 'buffer');
}
