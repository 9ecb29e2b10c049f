import { beforeAll, describe, expect, test } from '@jest/globals';
import * as jose from 'jose';
import nodeJose from 'node-jose';
import { createHmac, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import {
  claimedKeyId,
  signJwt,
  verifyJwt,
  type SigningAlgorithm,
  type SigningKey,
  type VerificationKey,
} from '../../src/oauth/jwt.ts';

const CLAIMS = { iss: 'https://issuer.example', sub: 'a ünïcode subject 😀', n: 1.5, list: [1, { a: null }] };

interface Pair {
  readonly signing: SigningKey;
  readonly verification: VerificationKey;
  readonly publicJwk: jose.JWK;
  readonly privateJwk: jose.JWK;
}

function newPair(algorithm: SigningAlgorithm): Pair {
  const { publicKey, privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const asJwk = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' });
  return {
    signing: { kid, algorithm, privateKey },
    verification: { kid, algorithm, publicKey },
    publicJwk: asJwk(publicKey) as jose.JWK,
    privateJwk: asJwk(privateKey) as jose.JWK,
  };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pairs = {} as Record<SigningAlgorithm, Pair>;
let stranger: Pair;

beforeAll(() => {
  pairs.ES256 = newPair('ES256');
  pairs.RS256 = newPair('RS256');
  stranger = newPair('ES256');
});

describe.each(['ES256', 'RS256'] as const)('%s', (algorithm) => {
  const other = algorithm === 'ES256' ? 'RS256' : 'ES256';

  test.each(['at+jwt', 'JWT'] as const)('what we sign as %s, jose and node-jose verify', async (type) => {
    const { signing, publicJwk } = pairs[algorithm];
    const header = { alg: algorithm, typ: type, kid: signing.kid };
    for (let round = 0; round < 20; round += 1) {
      const claims = { ...CLAIMS, round };
      const token = signJwt(signing, type, claims);
      const verified = await jose.jwtVerify(token, await jose.importJWK(publicJwk), {
        algorithms: [algorithm],
        typ: type,
        issuer: CLAIMS.iss,
      });
      expect(verified.payload).toEqual(claims);
      expect(verified.protectedHeader).toEqual(header);

      const keyStore = await nodeJose.JWK.asKeyStore({ keys: [publicJwk] } as object);
      const result = await nodeJose.JWS.createVerify(keyStore).verify(token);
      expect(JSON.parse(result.payload.toString())).toEqual(claims);
      expect(result.header).toEqual(header);
    }
  });

  test('what jose and node-jose sign, we verify', async () => {
    const { verification, privateJwk } = pairs[algorithm];
    const byJose = await new jose.SignJWT(CLAIMS)
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: verification.kid })
      .sign(await jose.importJWK(privateJwk));
    const key = await nodeJose.JWK.asKey(privateJwk as object);
    const byNodeJose = await nodeJose.JWS.createSign(
      { format: 'compact', fields: { alg: algorithm, typ: 'at+jwt', kid: verification.kid } },
      key,
    )
      .update(JSON.stringify(CLAIMS), 'utf8')
      .final();
    for (const token of [byJose, String(byNodeJose)]) {
      expect(claimedKeyId(token, 'at+jwt')).toBe(verification.kid);
      expect(verifyJwt(token, verification)).toEqual(CLAIMS);
    }
  });

  test('what we sign, we verify, with that key alone', () => {
    const token = signJwt(pairs[algorithm].signing, 'JWT', CLAIMS);
    expect(verifyJwt(token, pairs[algorithm].verification)).toEqual(CLAIMS);
    expect(verifyJwt(token, newPair(algorithm).verification)).toBeUndefined();
    expect(verifyJwt(token, pairs[other].verification)).toBeUndefined();
    // The key of one algorithm under the name of the other.
    expect(verifyJwt(token, { ...pairs[other].verification, algorithm })).toBeUndefined();
    expect(verifyJwt(token, { ...pairs[algorithm].verification, algorithm: other })).toBeUndefined();
  });

  test('a token with any character changed is refused', () => {
    const { signing, verification } = pairs[algorithm];
    const token = signJwt(signing, 'at+jwt', { sub: 'x' });
    for (let at = 0; at < token.length; at += 1) {
      const character = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(verifyJwt(changed, verification)).toBeUndefined();
    }
  });

  test('a signature that is missing, cut short, padded or spelled otherwise is refused', () => {
    const { signing, verification } = pairs[algorithm];
    const token = signJwt(signing, 'at+jwt', CLAIMS);
    const [head, body, mark] = token.split('.') as [string, string, string];
    const bytes = Buffer.from(mark, 'base64url');
    const marks = [
      '',
      mark.slice(0, -1),
      mark.slice(0, 10),
      `${mark}A`,
      `${mark}=`,
      `${mark}\n`,
      ` ${mark}`,
      bytes.toString('hex'),
      Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url'),
      Buffer.concat([Buffer.alloc(1), bytes]).toString('base64url'),
      Buffer.alloc(bytes.length).toString('base64url'),
      Buffer.alloc(1000, 1).toString('base64url'),
    ];
    for (const each of marks) expect(verifyJwt(`${head}.${body}.${each}`, verification)).toBeUndefined();
    for (const text of [
      `${head}.${body}`,
      `${token}.`,
      `${token}.x`,
      `.${token}`,
      `${body}.${head}.${mark}`,
    ]) {
      expect(verifyJwt(text, verification)).toBeUndefined();
    }
  });

  test('the token has no say in how it is verified', () => {
    const { verification, publicJwk } = pairs[algorithm];
    const body = encode(CLAIMS);
    const forge = (header: object, mark: (input: string) => string) => {
      const input = `${encode({ typ: 'at+jwt', kid: verification.kid, ...header })}.${body}`;
      return `${input}.${mark(input)}`;
    };
    const pem = verification.publicKey.export({ type: 'spki', format: 'pem' });
    const hmac = (input: string) => createHmac('sha256', pem).update(input).digest('base64url');
    const forgeries = [
      forge({ alg: 'none' }, () => ''),
      forge({ alg: 'None' }, () => ''),
      forge({ alg: 'HS256' }, hmac),
      forge({ alg: algorithm }, hmac),
      forge({}, hmac),
      forge({ alg: [algorithm] }, hmac),
      // Signed by a stranger whose key the token brings along.
      ...['jwk', 'jku', 'x5u'].map((name) => {
        const header = { alg: 'ES256', typ: 'at+jwt', kid: verification.kid, [name]: stranger.publicJwk };
        const [, , mark] = signJwt(stranger.signing, 'at+jwt', CLAIMS).split('.') as [string, string, string];
        return `${encode(header)}.${body}.${mark}`;
      }),
      signJwt({ ...stranger.signing, kid: publicJwk.kid! }, 'at+jwt', CLAIMS),
    ];
    for (const forged of forgeries) expect(verifyJwt(forged, verification)).toBeUndefined();
  });
});

test('a signed text that is no set of claims gives none', async () => {
  const { verification, privateJwk } = pairs.ES256;
  for (const payload of ['"text"', '[1]', 'null', '1', 'not json', '']) {
    const token = await new jose.CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: 'ES256', kid: verification.kid })
      .sign(await jose.importJWK(privateJwk));
    expect(verifyJwt(token, verification)).toBeUndefined();
  }
});

test('a JWT says which key signed it, if it is of the type asked for', () => {
  const { signing } = pairs.ES256;
  const accessToken = signJwt(signing, 'at+jwt', CLAIMS);
  const idToken = signJwt(signing, 'JWT', CLAIMS);
  expect(claimedKeyId(accessToken, 'at+jwt')).toBe(signing.kid);
  expect(claimedKeyId(idToken, 'JWT')).toBe(signing.kid);
  // An ID token is no access token (RFC 9068 §5, RFC 8725 §3.11), nor the other way round.
  expect(claimedKeyId(idToken, 'at+jwt')).toBeUndefined();
  expect(claimedKeyId(accessToken, 'JWT')).toBeUndefined();
});

test.each([
  ['no dot', encode({ alg: 'ES256', typ: 'JWT', kid: 'k' })],
  ['nothing', ''],
  ['dots alone', '..'],
  ['no JSON', 'eyJ.x.x'],
  ['a list', `${encode(['JWT'])}.x.x`],
  ['null', `${encode(null)}.x.x`],
  ['no type', `${encode({ alg: 'ES256', kid: 'k' })}.x.x`],
  ['no key id', `${encode({ alg: 'ES256', typ: 'JWT' })}.x.x`],
  ['a key id that is no text', `${encode({ alg: 'ES256', typ: 'JWT', kid: { $ne: '' } })}.x.x`],
  ['a critical extension', `${encode({ alg: 'ES256', typ: 'JWT', kid: 'k', crit: ['exp'] })}.x.x`],
])('%s instead of a header names no key', (_, token) => {
  expect(claimedKeyId(token, 'JWT')).toBeUndefined();
  expect(verifyJwt(token, pairs.ES256.verification)).toBeUndefined();
});
