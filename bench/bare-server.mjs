// What Stagedoor is measured against: the least that the same answers cost on one thread of Node. HTTP, the form, the client's
// secret, the signature and the JSON; no routing, no log, no actor, and nothing is stored.
import {
  createHash,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import { derSignature, joseSignature } from '../dist/src/oauth/ecdsa-signature.js';

const LIFETIME_SECONDS = 3600;
const SCOPE = 'read write';
const { clientId, clientSecret } = JSON.parse(process.argv[2]);
const secretHash = sha256(clientSecret);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() });
const refreshKey = createSecretKey(randomBytes(32));
let issuer;

const ANSWERS = { '/oauth/token': token, '/oauth/introspect': introspect, '/seeds': seeds };

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const answer = isClient(form) ? ANSWERS[request.url](form) : { error: 'invalid_client' };
    const text = JSON.stringify(answer);
    response.writeHead('error' in answer ? 400 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    });
    response.end(text);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(`${issuer}\n`);
});
// The benchmark holds the other end: when it is gone, so are we. By exit() even on SIGTERM, so that a profile is written.
process.stdin.resume().once('close', () => process.exit());
process.once('SIGTERM', () => process.exit());

function isClient(form) {
  if (form.get('client_id') !== clientId) return false;
  return timingSafeEqual(sha256(form.get('client_secret') ?? ''), secretHash);
}

function token(form) {
  if (form.get('grant_type') === 'client_credentials') return issue();
  const family = openRefreshToken(form.get('refresh_token') ?? '');
  if (!family) return { error: 'invalid_grant' };
  return { ...issue(), refresh_token: refreshToken(family.id, family.generation + 1) };
}

function issue() {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    sub: clientId,
    aud: issuer,
    client_id: clientId,
    scope: SCOPE,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    jti: randomUUID(),
  };
  const input = `${header}.${encode(claims)}`;
  // As Stagedoor does: a ceiling that can be lowered by asking Node in a slow way would be none.
  const signature = joseSignature(sign('sha256', Buffer.from(input), privateKey));
  return {
    access_token: `${input}.${signature.toString('base64url')}`,
    token_type: 'Bearer',
    expires_in: LIFETIME_SECONDS,
    scope: SCOPE,
  };
}

function introspect(form) {
  const [head, body, mark] = (form.get('token') ?? '').split('.');
  const signature = derSignature(Buffer.from(mark ?? '', 'base64url'));
  if (!signature || !verify('sha256', Buffer.from(`${head}.${body}`), publicKey, signature))
    return { active: false };
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (claims.exp * 1000 <= Date.now()) return { active: false };
  return { active: true, ...claims, token_type: 'Bearer' };
}

/** A few refresh tokens to begin with. */
function seeds(form) {
  return { seeds: Array.from({ length: Number(form.get('count')) }, () => refreshToken(randomBytes(16), 0)) };
}

function refreshToken(id, generation) {
  const body = Buffer.alloc(20);
  id.copy(body);
  body.writeUInt32BE(generation, 16);
  return Buffer.concat([body, mac(body)]).toString('base64url');
}

function openRefreshToken(presented) {
  const bytes = Buffer.from(presented, 'base64url');
  if (bytes.length !== 52) return undefined;
  const body = bytes.subarray(0, 20);
  if (!timingSafeEqual(bytes.subarray(20), mac(body))) return undefined;
  return { id: body.subarray(0, 16), generation: body.readUInt32BE(16) };
}

function mac(body) {
  return createHmac('sha256', refreshKey).update(body).digest();
}

function sha256(text) {
  return createHash('sha256').update(text).digest();
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
