import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { MIGRATION_TABLES, SERVER_TABLES } from '../../src/database/grants.ts';
import { selfSigned } from '../support/certificate.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freePort, migratedDatabase, runCli, startServer, type TestServer } from '../support/server.ts';

const SECRET = 'q7Zx2mVt9KdRb4WnYc8Lh3Pg6Js5Fa1Q';
const START_MS = 60_000;

/** What the proxy does to an answer on its way. */
interface Tampering {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly refuses?: string;
}

let folder: string;
let database: TestDatabase;
let server: TestServer;
let issuer: string;
const proxies: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stagedoor-doctor-'));
  database = await migratedDatabase();
  const port = await freePort();
  issuer = `https://localhost:${port}`;
  server = await startServer({
    env: {
      OAUTH2_DATABASE_URL: database.url,
      OAUTH2_SECRET: SECRET,
      OAUTH2_ISSUER: issuer,
      OAUTH2_TRUSTED_PROXIES: 'loopback',
    },
  });
  await startProxy(port, 100, { refuses: '/metrics' });
}, START_MS);
afterAll(async () => {
  for (const proxy of proxies) proxy.close().closeAllConnections();
  await server.terminate();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** What ends TLS before the server, with a certificate for so many days; resolves to its address. */
async function startProxy(port: number, days: number, tampering: Tampering = {}): Promise<string> {
  const { certificate, key } = selfSigned(days);
  writeFileSync(join(folder, `${port}.pem`), certificate);
  const proxy = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    if (incoming.url === tampering.refuses) return void outgoing.writeHead(403).end();
    const passedOn = { host: '127.0.0.1', port: server.port, path: incoming.url, headers: incoming.headers };
    request(passedOn, (answer) => {
      outgoing.statusCode = tampering.status ?? answer.statusCode ?? 0;
      for (const [name, value] of Object.entries({ ...answer.headers, ...tampering.headers }))
        if (value !== undefined) outgoing.setHeader(name, value);
      answer.pipe(outgoing);
    }).end();
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  proxies.push(proxy);
  return `https://localhost:${port}`;
}

async function askDoctor(args: readonly string[], env: Readonly<Record<string, string>> = server.env) {
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...args], env);
  expect(stderr).toBe('');
  const { findings, counts } = JSON.parse(stdout) as any;
  const verdicts: Record<string, string> = {};
  for (const { check, verdict } of findings) verdicts[check] = verdict;
  return { code, findings, counts, verdicts };
}

/** Asks by way of a proxy. */
function askThrough(url: string, env: Readonly<Record<string, string>> = server.env) {
  const port = new URL(url).port;
  return askDoctor(['--url', url], { ...env, NODE_EXTRA_CA_CERTS: join(folder, `${port}.pem`) });
}

/** Of every table but those in which the server itself notes that it runs. */
async function contents(): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const tables = [...SERVER_TABLES, ...MIGRATION_TABLES].filter((name) => !name.startsWith('replica'));
  const sums: unknown[] = [];
  for (const name of tables) {
    const sum = `select count(*), md5(string_agg(t::text, ';' order by t::text)), min(xmin::text) from ${name} t`;
    sums.push({ name, ...(await client.query(sum)).rows[0] });
  }
  await client.end();
  return sums;
}

test('the issuer is asked from outside as clients do, by way of its proxy', async () => {
  const { verdicts } = await askDoctor(['--url'], {
    ...server.env,
    NODE_EXTRA_CA_CERTS: join(folder, `${new URL(issuer).port}.pem`),
  });
  expect(verdicts).toMatchObject({
    outside: 'ok',
    'outside-certificate': 'ok',
    'outside-hsts': 'ok',
    'outside-clock': 'ok',
    'outside-metrics': 'ok',
  });
});

test('a proxy that lets /metrics out, drops headers or has a certificate that ends soon is found', async () => {
  const headers = {
    'strict-transport-security': undefined,
    date: new Date(Date.now() - 3_600_000).toUTCString(),
  };
  const url = await startProxy(await freePort(), 10, { headers });
  const { code, verdicts } = await askThrough(url);
  expect(code).toBe(1);
  expect(verdicts).toMatchObject({
    outside: 'ok',
    'outside-certificate': 'failed',
    'outside-hsts': 'warning',
    'outside-clock': 'warning',
    'outside-metrics': 'warning',
  });
});

test('an answer of another issuer, an error and silence are found', async () => {
  const url = await startProxy(await freePort(), 100);
  const other = await askThrough(url, { ...server.env, OAUTH2_ISSUER: 'https://login.example.com' });
  expect(other.findings.find(({ check }: any) => check === 'outside')).toMatchObject({
    verdict: 'failed',
    found: `${url} answers as "${issuer}", not as https://login.example.com`,
  });
  const broken = await askThrough(await startProxy(await freePort(), 100, { status: 502 }));
  expect(broken.verdicts.outside).toBe('failed');
  const silent = await askDoctor(['--url', `http://127.0.0.1:${await freePort()}`]);
  expect(silent.verdicts.outside).toBe('failed');
  // Nobody vouches for the certificate.
  expect((await askDoctor(['--url'])).verdicts.outside).toBe('failed');
  expect((await askDoctor([])).verdicts.outside).toBe('skipped');
});

test('it prints a table with advice, and the exit code says whether something failed', async () => {
  const { code, stdout, stderr } = await runCli(['doctor'], server.env);
  // The tests' role is a superuser.
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toMatch(/^failed {3}database-role +postgres is a superuser\n {10,}→ Give migrations /m);
  expect(stdout).toMatch(/^ok {7}schema +as this version needs it\n/m);
  expect(stdout).toMatch(/\n\n\d+ failed, \d+ warnings, \d+ ok, \d+ skipped\n$/);
});

test('warnings fail where they are to', async () => {
  const data = { OAUTH2_DATA_DIR: join(folder, 'none') };
  const lenient = await askDoctor([], data);
  expect(lenient.counts).toMatchObject({ failed: 0 });
  expect(lenient.counts.warning).toBeGreaterThan(0);
  expect([lenient.code, (await askDoctor(['--strict'], data)).code]).toEqual([0, 1]);
});

test('everything that is wrong with the configuration is said, and that the rest waits for it', async () => {
  const { code, findings } = await askDoctor([], { OAUTH2_SECRET: 'tooshort-4711', OAUTH2_SERVER_PORT: '0' });
  expect(code).toBe(1);
  const failed = findings.filter(({ verdict }: any) => verdict === 'failed');
  expect(failed.map(({ check, found }: any) => `${check}: ${/OAUTH2_\w+/.exec(found)?.[0]}`)).toEqual([
    'settings: OAUTH2_SERVER_PORT',
    'settings: OAUTH2_SECRET',
  ]);
  expect(JSON.stringify(findings)).not.toContain('4711');
});

test('nothing is changed and no secret is shown', async () => {
  const before = await contents();
  const { stdout } = await runCli(['doctor', '--url'], server.env);
  expect(await contents()).toEqual(before);
  const password = new URL(database.url).password;
  for (const secret of [SECRET, password, database.url, server.env.OAUTH2_ADMIN_PASSWORD!])
    expect(stdout).not.toContain(secret);
});
