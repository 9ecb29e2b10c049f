import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { obtainCode, post, redeem, registerClient, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { FastClock } from '../support/fast-clock.ts';
import { Person } from '../support/person.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freePort, migratedDatabase, runCli, startServer, type TestServer } from '../support/server.ts';

/** Minutes pass in a second and a half. */
const clock = new FastClock(40);
const MAX_AGE_SECONDS = 60;
const LIFETIME_SECONDS = 300;
const PATIENCE_MS = 60_000;
const SETTINGS = {
  ...clock.env,
  OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
  OAUTH2_KEY_ROTATION: '600',
  OAUTH2_JWKS_MAX_AGE: String(MAX_AGE_SECONDS),
  OAUTH2_ACCESS_TOKEN_EXPIRATION: String(LIFETIME_SECONDS),
  OAUTH2_AUTHORIZATION_CODE_EXPIRATION: '600',
  OAUTH2_SIGNING_THREADS: '1',
};

let database: TestDatabase;
let servers: readonly TestServer[];

beforeAll(async () => {
  database = await migratedDatabase();
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const settings = { ...SETTINGS, OAUTH2_DATABASE_URL: database.url, OAUTH2_ISSUER: issuer };
  const port = new URL(issuer).port;
  const first = await startServer({ env: { ...settings, OAUTH2_SERVER_PORT: port } });
  const more = await Promise.all([startServer({ env: settings }), startServer({ env: settings })]);
  servers = [first, ...more];
}, 60_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
});

const addressOf = ({ port }: TestServer) => `http://127.0.0.1:${port}`;
const kidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

/**
 * Verifies as a resource server does that fetches the key set from one replica, keeps it for exactly as long as that says, and
 * never asks for it in between, whatever key it meets.
 */
function startVerifier(server: TestServer) {
  let fetchedAtMs = 0;
  let statedSeconds = 0;
  const fetchKeys = async (url: string, options: RequestInit) => {
    const response = await fetch(url, options);
    fetchedAtMs = Date.now();
    statedSeconds = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1]);
    return response;
  };
  const keys = createRemoteJWKSet(new URL(`${addressOf(server)}/.well-known/jwks.json`), {
    cacheMaxAge: Infinity,
    cooldownDuration: Infinity,
    [customFetch]: fetchKeys,
  });
  return {
    statedSeconds: () => statedSeconds,
    verify: async (token: string): Promise<void> => {
      if (Date.now() - fetchedAtMs > clock.realMs(statedSeconds)) await keys.reload();
      await jwtVerify(token, keys, { issuer: servers[0]!.issuer, currentDate: clock.now() });
    },
  };
}

/** Asks a replica for an access token (ES256) and an ID token (RS256), as two clients do. */
async function issueAt(server: TestServer, machine: TestClient, app: TestClient, person: Person) {
  const fields = { grant_type: 'client_credentials', scope: 'read' };
  const [access, tokens] = await Promise.all([
    post(`${addressOf(server)}/oauth/token`, machine, fields),
    obtainCode(servers[0]!.issuer, app, {}, person).then((code) => redeem(addressOf(server), app, code)),
  ]);
  return [access.body.access_token, tokens.body.id_token] as [string, string];
}

async function keysOf(server: TestServer): Promise<{ kid: string; alg: string }[]> {
  const response = await fetch(`${addressOf(server)}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string; alg: string }[] }).keys;
}

test('what three replicas sign through a rotation by hand and one by schedule, verifiers that keep the key set as long as it says accept to the last second', async () => {
  const [server] = servers as [TestServer];
  const machine = await registerClient(server.issuer, { grant_types: ['client_credentials'] });
  const app = await registerClient(server.issuer);
  const person = new Person(server.issuer);
  const verifiers = servers.map(startVerifier);
  const first = (await keysOf(server)).map(({ kid }) => kid);
  const failures: unknown[] = [];
  const signedBy = { access: new Set<string>(), id: new Set<string>() };
  const old: { token: string; verifyAtMs: number }[] = [];
  const verify = async (token: string) => {
    for (const [index, verifier] of verifiers.entries())
      await verifier
        .verify(token)
        .catch((error: unknown) => failures.push([index, kidOf(token), String(error)]));
  };
  const round = async (number: number) => {
    const [access, id] = await issueAt(servers[number % 3]!, machine, app, person);
    signedBy.access.add(kidOf(access));
    signedBy.id.add(kidOf(id));
    for (const token of [access, id]) {
      await verify(token);
      old.push({ token, verifyAtMs: Date.now() + clock.realMs(LIFETIME_SECONDS - 60) });
    }
    while (old[0] && old[0].verifyAtMs <= Date.now()) {
      const { token } = old.shift()!;
      const expiresAt = (
        JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number }
      ).exp;
      // A machine that stood still has let it expire.
      if (expiresAt * 1000 > clock.now().getTime() + 20_000) await verify(token);
    }
  };
  let rounds = 0;
  const issueUntil = async (isSo: () => boolean | Promise<boolean>) => {
    const end = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`it never came to be so, with ${rounds} rounds`);
      await round((rounds += 1));
    }
  };
  const byHand = runCli(['keys', 'rotate'], server.env);
  await issueUntil(() => signedBy.access.size >= 2 && signedBy.id.size >= 2);
  expect(await byHand).toMatchObject({ code: 0, stderr: '' });
  // The schedule makes the third, with all three replicas looking.
  await issueUntil(() => signedBy.access.size >= 3 && signedBy.id.size >= 3);
  await issueUntil(async () => (await keysOf(server)).every(({ kid }) => !first.includes(kid)));
  expect(failures).toEqual([]);
  expect(rounds).toBeGreaterThan(20);
  expect(verifiers.map((verifier) => verifier.statedSeconds())).toEqual(verifiers.map(() => MAX_AGE_SECONDS));
}, 200_000);

test('a key that is revoked on one replica is gone from all of them at once, and another signs', async () => {
  const machine = await registerClient(servers[0]!.issuer, { grant_types: ['client_credentials'] });
  const issue = async (server: TestServer) => {
    const fields = { grant_type: 'client_credentials', scope: 'read' };
    const { body } = await post(`${addressOf(server)}/oauth/token`, machine, fields);
    return body.access_token as string;
  };
  const tokens = await Promise.all(servers.map(issue));
  const leaked = [...new Set(tokens.map(kidOf))];
  const { code, stderr } = await runCli(
    ['keys', 'revoke', '--invalidate-tokens', '--', ...leaked],
    servers[1]!.env,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const server of servers) {
    await eventually(async () => !(await keysOf(server)).some(({ kid }) => leaked.includes(kid)));
    await eventually(async () => !leaked.includes(kidOf(await issue(server))));
    for (const token of tokens) {
      await eventually(async () => {
        const { body } = await post(`${addressOf(server)}/oauth/introspect`, machine, { token });
        return body.active === false;
      });
    }
  }
});
