import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { transportOf, type ServerFacts } from '../../src/database/facts.ts';
import {
  checkCapacity,
  checkClock,
  checkServer,
  checkTls,
  type Demand,
} from '../../src/doctor/database-checks.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { selfSigned } from '../support/certificate.ts';
import { startPostgres } from '../support/postgres.ts';
import { freePort, runCli, startServer } from '../support/server.ts';

const SECRET = 'q7Zx2mVt9KdRb4WnYc8Lh3Pg6Js5Fa1Q';
const OTHER_SECRET = 'Hs4Tn8Wq1Zc5Vb9Kx3Lg7Pd2Fy6Rm0Ja';
const START_MS = 120_000;

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let folder: string;
let authority: string;

beforeAll(async () => {
  const made = selfSigned(100);
  folder = mkdtempSync(join(tmpdir(), 'stagedoor-doctor-'));
  authority = join(folder, 'ca.pem');
  writeFileSync(authority, made.certificate);
  postgres = await startPostgres({ certificate: made, settings: { ssl: 'on' }, maxConnections: 60 });
  await sql('postgres', `create role owner_role login password 'secret'`);
  await sql('postgres', `create role server_role login password 'secret'`);
  await sql('postgres', 'grant server_role to owner_role');
  await createDatabase('good', "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'");
  expect(await runCli(['migrate', '--grant-to', 'server_role'], envOf('owner_role', 'good'))).toMatchObject({
    code: 0,
  });
}, START_MS);
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

async function sql(database: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres', database) });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function createDatabase(name: string, more: string): Promise<void> {
  return sql(
    'postgres',
    `create database ${name} owner owner_role template template0 encoding 'UTF8' ${more}`,
  );
}

function urlOf(
  role: string,
  database: string,
  query = `sslmode=verify-full&sslrootcert=${authority}`,
): string {
  const url = new URL(postgres.url);
  if (role !== 'postgres') [url.username, url.password] = [role, 'secret'];
  url.pathname = `/${database}`;
  url.search = query;
  return url.href;
}

function envOf(role: string, database: string, query?: string): Record<string, string> {
  return {
    OAUTH2_ISSUER: 'https://login.example.com',
    OAUTH2_DATABASE_URL: urlOf(role, database, query),
    OAUTH2_SECRET: SECRET,
  };
}

type Said = Readonly<Record<string, Finding>>;

async function askDoctor(
  env: Record<string, string>,
  { replicas, aheadMs = 0 }: { replicas?: number; aheadMs?: number } = {},
): Promise<Said> {
  const nowMs = () => Date.now() + aheadMs;
  const findings = await examine(env, { replicas, url: undefined, nowMs });
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

test('a database that is as it should be passes every check', async () => {
  const env = envOf('server_role', 'good');
  const server = await startServer({ env: { ...env, OAUTH2_ISSUER: '' } });
  try {
    const said = await askDoctor(env);
    const checks = [
      ...['database', 'database-version', 'database-role', 'database-durability', 'database-encoding'],
      ...['database-locale', 'database-tls', 'clock', 'schema', 'database-connections', 'housekeeping'],
      ...['signing-keys', 'signing-key-age'],
    ];
    expect(checks.map((check) => [check, said[check]?.verdict])).toEqual(
      checks.map((check) => [check, 'ok']),
    );
  } finally {
    await server.terminate();
  }
});

test('a superuser fails, an owner is warned of', async () => {
  expect((await askDoctor(envOf('postgres', 'good')))['database-role']?.verdict).toBe('failed');
  expect((await askDoctor(envOf('owner_role', 'good')))['database-role']?.verdict).toBe('warning');
});

test('TLS without a look at the certificate is warned of; a certificate that nobody vouches for is no connection', async () => {
  const unverified = await askDoctor(envOf('server_role', 'good', 'sslmode=no-verify'));
  expect(unverified['database-tls']?.verdict).toBe('warning');
  expect((await askDoctor(envOf('server_role', 'good', '')))['database-tls']?.verdict).toBe('ok');
  const unknown = await askDoctor(envOf('server_role', 'good', 'sslmode=verify-full'));
  expect(unknown.database?.verdict).toBe('failed');
  expect(JSON.stringify(unknown)).not.toContain('secret@');
  const far = { isNear: false, asksTls: false, verifies: false };
  expect(checkTls({ isTls: false }, far).verdict).toBe('failed');
  expect(transportOf('postgres://u@db.example/x?sslmode=disable')).toEqual(far);
  expect(transportOf('postgres://u@db.example/x?sslmode=require')).toEqual({
    ...far,
    asksTls: true,
    verifies: true,
  });
});

test('a database that does not answer, or lacks its schema, is found, and what is not is left out', async () => {
  const env = {
    ...envOf('server_role', 'good'),
    OAUTH2_DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/x`,
  };
  const away = await askDoctor(env);
  expect(away.database).toMatchObject({ verdict: 'failed', found: expect.stringContaining('ECONNREFUSED') });
  expect(away.schema).toBeUndefined();
  await createDatabase('bare', "locale 'C'");
  const bare = await askDoctor(envOf('owner_role', 'bare'));
  expect(bare.schema).toMatchObject({ verdict: 'failed', advice: 'Run "stagedoor migrate".' });
  expect(bare['signing-keys']?.verdict).toBe('skipped');
  expect(bare['database-locale']?.verdict).toBe('warning');
  await sql(
    'good',
    "insert into schema_migrations (name, batch, migration_time) values ('9999_later', 9, now())",
  );
  const ahead = await askDoctor(envOf('server_role', 'good'));
  await sql('good', "delete from schema_migrations where name = '9999_later'");
  expect(ahead.schema).toMatchObject({ verdict: 'failed', found: expect.stringContaining('9999_later') });
});

test('commits that are not durable fail', async () => {
  await sql('postgres', 'alter role server_role set synchronous_commit = off');
  expect((await askDoctor(envOf('server_role', 'good')))['database-durability']?.verdict).toBe('failed');
  await sql('postgres', 'alter role server_role reset synchronous_commit');
});

test('an encoding that lacks most letters fails', async () => {
  await sql(
    'postgres',
    "create database latin owner owner_role template template0 encoding 'LATIN1' locale 'C'",
  );
  expect((await askDoctor(envOf('owner_role', 'latin')))['database-encoding']?.verdict).toBe('failed');
});

test('clocks that differ are found', async () => {
  const verdict = async (aheadMs: number) =>
    (await askDoctor(envOf('server_role', 'good'), { aheadMs })).clock?.verdict;
  expect(await verdict(-3_600_000)).toBe('failed');
  expect(await verdict(3_600_000)).toBe('failed');
  const verdicts = [900, -5000, 5000, 11_000].map(
    (aheadMs) => checkClock({ aheadMs, uncertaintyMs: 1 }).verdict,
  );
  expect(verdicts).toEqual(['ok', 'warning', 'warning', 'failed']);
  expect(checkClock({ aheadMs: 5000, uncertaintyMs: 6000 }).verdict).toBe('ok');
});

test('pools of all replicas together are held against what the server allows', async () => {
  const verdict = async (replicas: number) =>
    (await askDoctor(envOf('server_role', 'good'), { replicas }))['database-connections']?.verdict;
  // 57 connections are to be had, and a replica may take 11.
  expect([await verdict(3), await verdict(5), await verdict(6)]).toEqual(['ok', 'warning', 'failed']);
  await sql('postgres', 'alter role server_role connection limit 10');
  const said = await askDoctor(envOf('server_role', 'good'), { replicas: 1 });
  expect(said['database-connections']).toMatchObject({
    verdict: 'failed',
    found: expect.stringContaining("the role's connection limit"),
  });
  await sql('postgres', 'alter role server_role connection limit -1');
  const limit = { connectionLimit: 57, connectionLimitName: 'max_connections' };
  const demand: Demand = { poolSize: 10, workers: 2, replicas: undefined, liveProcesses: 6 };
  expect(checkCapacity(limit, demand).verdict).toBe('failed');
  expect(checkCapacity(limit, { ...demand, liveProcesses: 0 }).verdict).toBe('ok');
});

test('signing keys that another secret locks fail; one that is old is warned of', async () => {
  const env = envOf('server_role', 'good');
  const said = await askDoctor({ ...env, OAUTH2_SECRET: OTHER_SECRET });
  expect(said['signing-keys']).toMatchObject({
    verdict: 'failed',
    advice: expect.stringContaining('discard-lost'),
  });
  expect(said['signing-key-age']?.verdict).toBe('ok');
  await sql('good', "update signing_keys set activates_at = now() - interval '100 days'");
  expect((await askDoctor(env))['signing-key-age']).toMatchObject({
    verdict: 'warning',
    advice: expect.stringContaining('StagedoorKeyRotationLate'),
  });
  const unscheduled = { ...env, OAUTH2_KEY_ROTATION: '0' };
  expect((await askDoctor(unscheduled))['signing-key-age']?.advice).toContain('keys rotate');
  const patient = { ...env, OAUTH2_KEY_ROTATION: String(120 * 86_400) };
  expect((await askDoctor(patient))['signing-key-age']?.verdict).toBe('ok');
  await sql('good', 'update signing_keys set activates_at = created_at');
});

test('partitions that are missing or left behind are found while servers run', async () => {
  const env = envOf('server_role', 'good');
  const housekeeping = async (aheadMs = 0) => (await askDoctor(env, { aheadMs })).housekeeping;
  expect((await housekeeping())?.verdict).toBe('skipped');
  await sql(
    'good',
    "insert into replicas (id, name, version, started_at, seen_at, actors) values (gen_random_uuid(), 'x', '0', now(), now() + interval '1 hour', '[]')",
  );
  expect((await housekeeping())?.verdict).toBe('ok');
  // Days from now: the last partitions are near, and the first are long past.
  expect((await housekeeping(3 * 86_400_000))?.verdict).toBe('warning');
  expect(await housekeeping(8 * 86_400_000)).toMatchObject({ verdict: 'failed' });
  await sql('good', 'delete from replicas');
});

test('what a real server is not made to be, for the sake of a test', () => {
  const good: ServerFacts = {
    versionNumber: 180_004,
    version: '18.4',
    user: 'x',
    isSuperuser: false,
    ownedTables: [],
    isTls: true,
    encoding: 'UTF8',
    knowsLetters: true,
    fsync: true,
    fullPageWrites: true,
    synchronousCommit: 'on',
    isStandby: false,
    connectionLimit: 97,
    connectionLimitName: 'max_connections',
  };
  const bad = (facts: Partial<ServerFacts>) =>
    checkServer({ ...good, ...facts })
      .filter(({ verdict }) => verdict !== 'ok')
      .map(({ check, verdict }) => `${check} ${verdict}`);
  expect(bad({})).toEqual([]);
  expect(bad({ versionNumber: 140_010 })).toEqual(['database-version failed']);
  expect(bad({ versionNumber: 150_001 })).toEqual([]);
  expect(bad({ versionNumber: 190_000 })).toEqual(['database-version warning']);
  expect(bad({ fsync: false })).toEqual(['database-durability failed']);
  expect(bad({ fullPageWrites: false })).toEqual(['database-durability failed']);
  expect(bad({ isStandby: true })).toEqual(['database-durability failed']);
});
