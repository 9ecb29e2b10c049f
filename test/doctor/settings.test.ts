import { expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import type { Finding, Verdict } from '../../src/doctor/finding.ts';
import { checkNode } from '../../src/doctor/runtime-check.ts';
import { checkFiles, checkSecrets } from '../../src/doctor/secret-checks.ts';
import { checkIssuerResolves, checkSettings } from '../../src/doctor/settings-checks.ts';

const GOOD = {
  OAUTH2_ISSUER: 'https://login.example.com',
  OAUTH2_DATABASE_URL: 'postgres://stagedoor:pw@db.example/stagedoor',
  OAUTH2_SECRET: 'q7Zx2mVt9KdRb4WnYc8Lh3Pg6Js5Fa1Q',
  OAUTH2_TRUSTED_PROXIES: '10.1.2.0/24',
  OAUTH2_CLIENT_REGISTRATION: 'disabled',
  OAUTH2_METRICS_PORT: '9464',
};
const RANDOM_TOKEN = '7d1f0c5b9e3a8462d07b1c94e58f2a36';

type Env = Readonly<Record<string, string>>;

function findings(env: Env): readonly Finding[] {
  const { config, warnings } = loadConfig(env);
  return [...checkSettings(config, warnings), ...checkSecrets(config), ...checkFiles(config, env)];
}

function verdictOf(check: string, changed: Env, base: Env = GOOD): Verdict | undefined {
  return findings({ ...base, ...changed }).find((finding) => finding.check === check)?.verdict;
}

/** [the check, what is changed about a good environment, the verdict] */
const CASES: readonly (readonly [string, Env, Verdict])[] = [
  ['settings', {}, 'ok'],
  ['settings', { OAUTH2_LOGLEVEL: 'debug' }, 'warning'],
  ['issuer', {}, 'ok'],
  ['issuer', { OAUTH2_ISSUER: 'http://localhost:8080' }, 'failed'],
  ['issuer', { OAUTH2_ISSUER: 'https://127.0.0.1' }, 'failed'],
  ['trusted-proxies', {}, 'ok'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: 'loopback,uniquelocal' }, 'ok'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: 'fd00::/16' }, 'ok'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: '' }, 'failed'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: '0.0.0.0/1,128.0.0.0/1' }, 'failed'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: '10.0.0.1,2000::/3' }, 'failed'],
  ['trusted-proxies', { OAUTH2_TRUSTED_PROXIES: '', OAUTH2_ISSUER: 'http://localhost' }, 'skipped'],
  ['client-registration', {}, 'ok'],
  ['client-registration', { OAUTH2_CLIENT_REGISTRATION: 'open' }, 'warning'],
  ['client-registration', { OAUTH2_CLIENT_REGISTRATION: 'protected' }, 'warning'],
  [
    'client-registration',
    { OAUTH2_CLIENT_REGISTRATION: 'protected', OAUTH2_REGISTRATION_TOKEN: RANDOM_TOKEN },
    'ok',
  ],
  [
    'registration-token',
    { OAUTH2_CLIENT_REGISTRATION: 'protected', OAUTH2_REGISTRATION_TOKEN: RANDOM_TOKEN },
    'ok',
  ],
  [
    'registration-token',
    { OAUTH2_CLIENT_REGISTRATION: 'protected', OAUTH2_REGISTRATION_TOKEN: 'changeme'.repeat(4) },
    'failed',
  ],
  ['registration-token', {}, 'skipped'],
  ['metrics-port', {}, 'ok'],
  ['metrics-port', { OAUTH2_METRICS_PORT: '' }, 'warning'],
  ['metrics-port', { OAUTH2_METRICS_PORT: '', OAUTH2_METRICS: 'off' }, 'ok'],
  ['log-level', {}, 'ok'],
  ['log-level', { OAUTH2_LOG_LEVEL: 'debug' }, 'warning'],
  ['log-level', { OAUTH2_LOG_LEVEL: 'silent' }, 'warning'],
  ['timeouts', {}, 'ok'],
  ['master-secret', {}, 'ok'],
  ['master-secret', { OAUTH2_SECRET: `${GOOD.OAUTH2_SECRET},${RANDOM_TOKEN}` }, 'ok'],
  ['master-secret', { OAUTH2_SECRET: `${GOOD.OAUTH2_SECRET},${'ab'.repeat(20)}` }, 'failed'],
  ['master-secret', { OAUTH2_SECRET: '0123456789abcdef0123456789abcdef' }, 'failed'],
  ['master-secret', { OAUTH2_SECRET: 'Abcdefghijklmnopqrstuvwxyz0123456789' }, 'failed'],
  ['master-secret', { OAUTH2_SECRET: 'please-change-me-before-production-1' }, 'failed'],
  ['master-secret', { OAUTH2_SECRET: 'orchid tandem glacier muffin volcano siesta' }, 'warning'],
  ['admin-password', {}, 'ok'],
  ['admin-password', { OAUTH2_ADMIN_PASSWORD: 'orchid tandem glacier muffin' }, 'ok'],
  ['admin-password', { OAUTH2_ADMIN_PASSWORD: 'Correct horse battery staple' }, 'failed'],
  ['admin-password', { OAUTH2_ADMIN_PASSWORD: 'Password1234' }, 'failed'],
  ['admin-password', { OAUTH2_ADMIN_PASSWORD: 'the-admin-9f3k' }, 'failed'],
  ['admin-password', { OAUTH2_ADMIN_PASSWORD: 'aaaaaaaaaaaa' }, 'failed'],
];

test.each(CASES)('%s with %j is %s', (check, changed, verdict) => {
  expect(verdictOf(check, changed)).toBe(verdict);
});

test('what is out of order comes with advice, what is in order without', () => {
  for (const [, changed] of CASES)
    for (const { verdict, advice } of findings({ ...GOOD, ...changed }))
      expect(advice !== undefined).toBe(verdict === 'warning' || verdict === 'failed');
});

test('no finding repeats a secret', () => {
  const secrets = CASES.flatMap(([, changed]) =>
    ['OAUTH2_SECRET', 'OAUTH2_ADMIN_PASSWORD', 'OAUTH2_REGISTRATION_TOKEN'].flatMap(
      (name) => changed[name]?.split(',') ?? [],
    ),
  );
  expect(secrets.length).toBeGreaterThan(10);
  for (const [, changed] of CASES) {
    const said = JSON.stringify(findings({ ...GOOD, ...changed }));
    for (const secret of secrets) expect(said).not.toContain(secret);
  }
});

test('a loopback issuer is what one expects of the embedded database', () => {
  expect(verdictOf('issuer', {}, {})).toBe('warning');
});

test('a name that has no address is found; one of this machine needs none', async () => {
  const verdict = async (issuer: string) => (await checkIssuerResolves({ issuer })).verdict;
  expect(await verdict('https://no-such-host.invalid')).toBe('warning');
  expect(await verdict('http://localhost:8080')).toBe('skipped');
  expect(await verdict('https://192.0.2.7')).toBe('ok');
});

test('files with secrets are for the server alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-doctor-'));
  const file = join(folder, 'secret');
  writeFileSync(file, GOOD.OAUTH2_SECRET);
  const { OAUTH2_SECRET: _, ...others } = GOOD;
  const verdict = (mode: number) => {
    chmodSync(file, mode);
    return verdictOf('secret-files', { OAUTH2_SECRET_FILE: file }, others);
  };
  expect([0o400, 0o440, 0o444, 0o666].map(verdict)).toEqual(['ok', 'ok', 'warning', 'failed']);
  expect(verdictOf('secret-files', {})).toBe('skipped');
  rmSync(folder, { recursive: true });
});

test('the data folder of the embedded database is for its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-doctor-'));
  mkdirSync(join(folder, 'postgres'), { mode: 0o700 });
  writeFileSync(join(folder, 'secret'), GOOD.OAUTH2_SECRET, { mode: 0o600 });
  const verdict = () => verdictOf('data-folder', { OAUTH2_DATA_DIR: folder }, {});
  expect(verdict()).toBe('ok');
  chmodSync(join(folder, 'secret'), 0o640);
  expect(verdict()).toBe('failed');
  chmodSync(join(folder, 'secret'), 0o600);
  chmodSync(join(folder, 'postgres'), 0o755);
  expect(verdict()).toBe('failed');
  rmSync(folder, { recursive: true });
  expect(verdict()).toBe('ok');
});

test('a Node that is too old, or out of support, is found', () => {
  const at = new Date('2026-06-15');
  const verdicts = ['18.20.0', '20.18.1', '20.19.0', '22.1.0', '24.0.0', '99.0.0'].map(
    (version) => checkNode(version, at).verdict,
  );
  expect(verdicts).toEqual(['failed', 'failed', 'warning', 'ok', 'ok', 'ok']);
});
