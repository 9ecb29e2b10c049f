import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { KeyStore } from '../../src/actors/keys/store.ts';
import { KeyVault } from '../../src/actors/keys/key-vault.ts';
import { openPostgres } from '../../src/database/database.ts';
import { deriveKeys } from '../../src/oauth/master-secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import {
  authorizationUrl,
  introspect,
  obtainTokens,
  post,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stopUnharmed } from './unharmed.ts';

interface Jwk extends JsonWebKey {
  kid: string;
  alg: string;
}

let server: TestServer;
let client: TestClient;
let tokens: any;
let ours: Record<'ES256' | 'RS256', Jwk>;

const foreign = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
  tokens = await obtainTokens(server.issuer, client, { scope: 'openid profile' });
  const { keys } = (await (await fetch(`${server.issuer}/.well-known/jwks.json`)).json()) as { keys: Jwk[] };
  const of = (alg: string) => keys.find((key) => key.alg === alg)!;
  ours = { ES256: of('ES256'), RS256: of('RS256') };
});
afterAll(() => stopUnharmed(server));

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
const parts = (jwt: string) => jwt.split('.') as [string, string, string];
const header = () => decode(parts(tokens.access_token)[0]);
const claims = () => decode(parts(tokens.access_token)[1]);

function signed(head: object, body: object, key: KeyObject): string {
  const input = `${encode(head)}.${encode(body)}`;
  const mark = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${mark.toString('base64url')}`;
}

/** Worth nothing anywhere: not to introspection, and not to userinfo in its header or body. */
async function expectWorthless(token: string): Promise<void> {
  const userinfo = async (init: RequestInit) => {
    const response = await fetch(`${server.issuer}/oauth/userinfo`, init);
    return [response.status, ((await response.json()) as { error?: string }).error];
  };
  const answers = await Promise.all([
    introspect(server.issuer, client, token),
    userinfo({ headers: { authorization: `Bearer ${token}` } }),
    userinfo({ method: 'POST', body: new URLSearchParams({ access_token: token }) }),
  ]);
  const refused = [401, 'invalid_token'];
  expect({ token, answers }).toEqual({ token, answers: [{ active: false }, refused, refused] });
}

async function expectStillGood(): Promise<void> {
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(true);
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  expect((await fetch(`${server.issuer}/oauth/userinfo`, { headers })).status).toBe(200);
}

/** The server's own private key, as somebody with its database and its secret would have it. */
async function privateKey(alg: 'ES256' | 'RS256'): Promise<KeyObject> {
  const { OAUTH2_DATABASE_URL: url = '', OAUTH2_SECRET: secret = '' } = server.env;
  const database = openPostgres({ url, poolSize: 1, statementTimeoutMs: 5000 });
  try {
    const vault = new KeyVault(deriveKeys([new Sensitive(secret)], 'signing-key-encryption'));
    const stored = await new KeyStore(database.queriesOf('test')).published(new Date());
    return (await vault.open(stored.find(({ algorithm }) => algorithm === alg)!)).privateKey;
  } finally {
    await database.close();
  }
}

test('a token whose header says that it needs no signature is worth nothing', async () => {
  await expectStillGood();
  const [, body, mark] = parts(tokens.access_token);
  for (const alg of ['none', 'None', 'nOnE', '', null, undefined, ['none']]) {
    for (const head of [{ ...header(), alg }, { alg }]) {
      for (const end of ['.', `.${mark}`, '']) await expectWorthless(`${encode(head)}.${body}${end}`);
    }
  }
});

test('a token authenticated with our public key as the shared secret is worth nothing', async () => {
  for (const jwk of Object.values(ours)) {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'pem' }).toString().trim(),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      Buffer.from(jwk.x ?? jwk.n!, 'base64url'),
      jwk.x ?? jwk.n!,
      '',
    ];
    for (const secret of secrets) {
      for (const alg of ['HS256', jwk.alg]) {
        const input = `${encode({ alg, typ: 'at+jwt', kid: jwk.kid })}.${encode(claims())}`;
        const mac = createHmac('sha256', secret).update(input).digest('base64url');
        await expectWorthless(`${input}.${mac}`);
      }
    }
  }
});

test('a key signs with its own algorithm only, whatever the header says', async () => {
  const [, body, mark] = parts(tokens.access_token);
  const heads = [
    { ...header(), alg: 'RS256' },
    { ...header(), alg: 'ES384' },
    { ...header(), kid: ours.RS256.kid },
    { ...header(), kid: ours.RS256.kid, alg: 'RS256' },
    { ...header(), kid: ours.RS256.kid, alg: 'PS256' },
  ];
  for (const head of heads) {
    await expectWorthless(`${encode(head)}.${body}.${mark}`);
    for (const { privateKey } of Object.values(foreign))
      await expectWorthless(signed(head, claims(), privateKey));
  }
});

test('a token signed by somebody else is worth nothing, with our key id, none, or a key of its own in the header', async () => {
  for (const [alg, { privateKey, publicKey }] of Object.entries(foreign)) {
    const own = { ...publicKey.export({ format: 'jwk' }), kid: 'own', alg, use: 'sig' };
    const kid = ours[alg as 'ES256' | 'RS256'].kid;
    const base = { alg, typ: 'at+jwt' };
    const heads = [
      { ...base, kid },
      base,
      { ...base, kid: 'own', jwk: own },
      { ...base, kid, jwk: own },
      { ...base, kid, jku: 'https://evil.example/jwks.json' },
      { ...base, kid, x5u: 'https://evil.example/cert.pem', x5c: ['MIIB'] },
      { ...base, kid: [kid] },
      { ...base, kid: { kid } },
      { ...base, kid: `${kid}\0` },
      { ...base, kid: '../../../../dev/null' },
      { ...base, kid: "x' union select 'own" },
    ];
    for (const head of heads) await expectWorthless(signed(head, claims(), privateKey));
  }
});

test('claims cannot be altered under the signature', async () => {
  const [head, , mark] = parts(tokens.access_token);
  const alterations = [
    { scope: 'openid profile email admin' },
    { sub: '00000000-0000-0000-0000-000000000000' },
    { exp: 9_999_999_999 },
    { jti: '00000000-0000-0000-0000-000000000000' },
    { client_id: 'other' },
    { iss: 'https://evil.example' },
    {},
  ];
  for (const alteration of alterations) {
    // With a space at the end even the unaltered claims are other bytes.
    const body = Buffer.from(`${JSON.stringify({ ...claims(), ...alteration })} `).toString('base64url');
    await expectWorthless(`${head}.${body}.${mark}`);
  }
});

test('an ID token and a refresh token are no access tokens', async () => {
  expect(tokens.id_token).toMatch(/^eyJ/);
  await expectWorthless(tokens.id_token);
  const [, body, mark] = parts(tokens.id_token);
  // Its own signature under an access token's type.
  await expectWorthless(`${encode({ ...decode(parts(tokens.id_token)[0]), typ: 'at+jwt' })}.${body}.${mark}`);
  const headers = { authorization: `Bearer ${tokens.refresh_token}` };
  expect((await fetch(`${server.issuer}/oauth/userinfo`, { headers })).status).toBe(401);
  const asRefresh = { grant_type: 'refresh_token', refresh_token: tokens.access_token };
  expect((await post(`${server.issuer}/oauth/token`, client, asRefresh)).body.error).toBe('invalid_grant');
});

test('even under our own signature another type, algorithm or issuer, or a critical extension, is not accepted', async () => {
  const es256 = await privateKey('ES256');
  const rs256 = await privateKey('RS256');
  // The forger's tools work: the same header and claims are accepted.
  expect((await introspect(server.issuer, client, signed(header(), claims(), es256))).active).toBe(true);
  const changes: object[] = [
    { typ: 'JWT' },
    { typ: undefined },
    { typ: 'AT+JWT' },
    { typ: ['at+jwt'] },
    { crit: ['exp'] },
    { crit: [] },
    { crit: ['b64'], b64: false },
    { alg: 'RS256' },
    { alg: 'none' },
    { alg: undefined },
    { kid: undefined },
    { kid: ours.RS256.kid },
  ];
  for (const change of changes) await expectWorthless(signed({ ...header(), ...change }, claims(), es256));
  await expectWorthless(signed(header(), claims(), rs256));
  for (const change of [
    { iss: 'https://evil.example' },
    { iss: undefined },
    { iss: `${server.issuer}/` },
    { exp: 1 },
    { exp: 9_999_999_999 },
    { jti: '00000000-0000-0000-0000-000000000000' },
  ]) {
    await expectWorthless(signed(header(), { ...claims(), ...change }, es256));
  }
});

test('a second spelling of the signature, or of any other part, is another token', async () => {
  const [head, body, mark] = parts(tokens.access_token);
  const bytes = Buffer.from(mark, 'base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const sameBytes = Array.from(alphabet)
    .map((last) => mark.slice(0, -1) + last)
    .filter((other) => other !== mark && Buffer.from(other, 'base64url').equals(bytes));
  expect(sameBytes.length).toBeGreaterThan(0);
  const der = sign('sha256', Buffer.from(`${head}.${body}`), foreign.ES256.privateKey);
  for (const other of [
    ...sameBytes,
    `${mark}=`,
    `${mark}==`,
    `${mark}\n`,
    ` ${mark}`,
    `${mark.slice(0, 40)}\n${mark.slice(40)}`,
    bytes.toString('base64'),
    bytes.toString('hex'),
    mark.slice(0, -2),
    `${mark}AA`,
    der.toString('base64url'),
    Buffer.alloc(64).toString('base64url'),
    Buffer.alloc(0).toString('base64url'),
    Buffer.alloc(bytes.length, 255).toString('base64url'),
  ]) {
    expect((await introspect(server.issuer, client, `${head}.${body}.${other}`)).active).toBe(false);
  }
  for (const token of [
    `${head}=.${body}.${mark}`,
    `${head}.${body}=.${mark}`,
    `${head}.${body}.${mark}.`,
    `.${head}.${body}.${mark}`,
    `${head}.${body}.${mark}.${mark}`,
    `${head}..${mark}`,
    `${head}.${body}`,
    `${tokens.access_token},${tokens.access_token}`,
  ]) {
    expect((await introspect(server.issuer, client, token)).active).toBe(false);
  }
  await expectStillGood();
});

test('a forged token revokes nothing', async () => {
  const token = signed(header(), claims(), foreign.ES256.privateKey);
  const answer = await post(`${server.issuer}/oauth/revoke`, client, { token });
  expect(answer).toMatchObject({ status: 200, body: {} });
  await expectStillGood();
});

test('a forged hint of who is signed in is nobody’s, and keeps the tokens of the real person back', async () => {
  const person = new Person(server.issuer);
  await person.authorize(authorizationUrl(server.issuer, client).url);
  const answer = async (id_token_hint: string) => {
    const { url } = authorizationUrl(server.issuer, client, { prompt: 'none', id_token_hint });
    const { searchParams } = new URL((await person.request(url)).location!);
    return searchParams.has('code') ? 'code' : searchParams.get('error');
  };
  expect(await answer(tokens.id_token)).toBe('code');
  const [head, body, mark] = parts(tokens.id_token);
  const rs256 = await privateKey('RS256');
  const someone = { ...decode(body), sub: '00000000-0000-0000-0000-000000000000' };
  expect(await answer(signed(decode(head), decode(body), rs256))).toBe('code');
  for (const forged of [
    `${encode({ ...decode(head), alg: 'none' })}.${body}.`,
    `${head}.${encode(someone)}.${mark}`,
    signed(decode(head), decode(body), foreign.RS256.privateKey),
    signed(decode(head), someone, rs256),
    signed(decode(head), { ...decode(body), iss: 'https://evil.example' }, rs256),
    signed({ ...decode(head), crit: ['exp'] }, decode(body), rs256),
    tokens.access_token,
    'x',
    'a.b.c',
  ]) {
    expect([forged, await answer(forged)]).toEqual([forged, 'login_required']);
  }
});

test('the published keys have no private half', () => {
  for (const jwk of Object.values(ours)) {
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) expect(jwk).not.toHaveProperty(name);
  }
});
