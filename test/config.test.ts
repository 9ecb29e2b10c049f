import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError, loadConfig, settingsTable } from '../src/config.ts';
import { Sensitive } from '../src/oauth/sensitive.ts';
import { signingThreads } from '../src/open-signer.ts';
import { workerCount } from '../src/worker-count.ts';

type Env = Record<string, string | undefined>;

const SECRET = 'first-secret-0123456789-0123456789';
const OLD_SECRET = 'older-secret-0123456789-0123456789';
const DATABASE_URL = 'postgres://stagedoor:hunter2-hunter2@db.internal:5432/stagedoor';

const config = (env: Env = {}) => loadConfig(env).config;

function problemsOf(env: Env, readFile?: (path: string) => string): readonly string[] {
  try {
    loadConfig(env, readFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function noSuchFile(): never {
  throw Object.assign(new Error('ENOENT: /run/private-path'), { code: 'ENOENT' });
}

describe('defaults', () => {
  test('an empty environment gives a working server on the embedded database', () => {
    const { config, warnings } = loadConfig({});
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      serverHost: '127.0.0.1',
      serverPort: 8080,
      issuer: 'http://127.0.0.1:8080',
      databaseUrl: undefined,
      databasePoolSize: 10,
      workers: 1,
      dataDir: './data',
      secrets: [],
      adminUsername: 'admin',
      adminPassword: undefined,
      clientRegistration: 'open',
      registrationToken: undefined,
      accessTokenLifetimeSeconds: 3600,
      refreshTokenLifetimeSeconds: 2_592_000,
      authorizationCodeLifetimeSeconds: 60,
      refreshGraceSeconds: 30,
      sessionLifetimeSeconds: 43_200,
      sessionIdleSeconds: 7200,
      loginAttemptsPerAccount: 10,
      loginAttemptsPerAddress: 100,
      loginLockSeconds: 900,
      accessTokenAlgorithm: 'ES256',
      keyRotationSeconds: 7_776_000,
      jwksMaxAgeSeconds: 300,
      statementTimeoutMs: 2000,
      askTimeoutMs: 5000,
      httpTimeoutMs: 10_000,
      shutdownTimeoutMs: 20_000,
      shutdownDelayMs: 0,
      requestLimit: 600,
      requestWaitMs: 250,
      connectionLimit: 10_000,
      mailboxLimit: 1000,
      metrics: 'on',
      metricsPort: undefined,
      otlpEndpoint: undefined,
      actorConcurrency: 256,
      actorInstances: 1,
      restartLimit: 5,
      restartWindowMs: 60_000,
      clientCacheSize: 10_000,
      signingThreads: 'auto',
      tokenCacheSize: 10_000,
      passwordHashCost: 12,
      trustedProxies: [],
      logLevel: 'info',
    });
  });

  test('an empty string counts as unset', () => {
    const env = { OAUTH2_SERVER_PORT: '', OAUTH2_SECRET: '', OAUTH2_SECRET_FILE: '', OAUTH2_UNKNOWN: '' };
    expect(loadConfig(env)).toEqual(loadConfig({}));
  });

  test('the configuration is frozen through and through', () => {
    for (const env of [{}, { OAUTH2_SECRET: SECRET, OAUTH2_TRUSTED_PROXIES: 'loopback' }]) {
      const loaded = config(env);
      expect(Object.isFrozen(loaded)).toBe(true);
      for (const value of [...Object.values(loaded), ...loaded.secrets])
        expect(Object.isFrozen(value)).toBe(true);
    }
  });
});

describe('refusals', () => {
  test('every problem is reported at once, under the name of its variable', () => {
    const problems = problemsOf({
      OAUTH2_SERVER_HOST: 'http://[::1]',
      OAUTH2_SERVER_PORT: '65536',
      OAUTH2_ISSUER: 'login.example.com',
      OAUTH2_DATABASE_URL: 'mysql://db/x',
      OAUTH2_ADMIN_USERNAME: 'the admin',
      OAUTH2_ADMIN_PASSWORD: 'short',
      OAUTH2_CLIENT_REGISTRATION: 'closed',
      OAUTH2_REGISTRATION_TOKEN: 'é'.repeat(40),
      OAUTH2_ACCESS_TOKEN_EXPIRATION: '1e3',
      OAUTH2_ACCESS_TOKEN_ALGORITHM: 'none',
      OAUTH2_TRUSTED_PROXIES: 'everybody',
      OAUTH2_LOG_LEVEL: 'loud',
    });
    expect(problems).toEqual([
      'OAUTH2_SERVER_HOST must be a host name or an IP address, without scheme, brackets or port',
      'OAUTH2_SERVER_PORT must be a whole number from 1 to 65535',
      expect.stringMatching(/^OAUTH2_ISSUER must be an origin/),
      'OAUTH2_DATABASE_URL must be a postgres:// or postgresql:// URL',
      'OAUTH2_ADMIN_USERNAME must be 1 to 64 letters, digits or . _ - @',
      'OAUTH2_ADMIN_PASSWORD must be 12 to 72 bytes in UTF-8, without control characters',
      'OAUTH2_CLIENT_REGISTRATION must be one of open, protected, disabled',
      'OAUTH2_REGISTRATION_TOKEN must be at least 32 letters, digits or - . _ ~ + / =',
      'OAUTH2_ACCESS_TOKEN_EXPIRATION must be a whole number from 60 to 86400',
      'OAUTH2_ACCESS_TOKEN_ALGORITHM must be one of ES256, RS256',
      expect.stringMatching(/^OAUTH2_TRUSTED_PROXIES must be comma-separated IP addresses/),
      expect.stringMatching(/^OAUTH2_LOG_LEVEL must be one of trace, /),
      expect.stringMatching(/^OAUTH2_SECRET must be set when OAUTH2_DATABASE_URL is/),
    ]);
    expect(new ConfigError(problems).message.split('\n')).toHaveLength(1 + problems.length);
  });

  test.each(['0', '-1', '8080.0', ' 8080', '0x50', 'Infinity', '9'.repeat(20)])('port %j', (port) => {
    expect(problemsOf({ OAUTH2_SERVER_PORT: port })).toHaveLength(1);
  });

  test('a variable that Kubernetes set for a Service says so', () => {
    const [problem] = problemsOf({ OAUTH2_SERVER_PORT: 'tcp://10.0.0.1:8080' });
    expect(problem).toContain('enableServiceLinks: false');
  });

  test('a refresh token must not expire before the access token', () => {
    expect(problemsOf({ OAUTH2_REFRESH_TOKEN_EXPIRATION: '300' })).toEqual([
      'OAUTH2_REFRESH_TOKEN_EXPIRATION (300) must be at least OAUTH2_ACCESS_TOKEN_EXPIRATION (3600, the default)',
    ]);
    expect(problemsOf({ OAUTH2_REFRESH_TOKEN_EXPIRATION: '3600' })).toEqual([]);
  });

  test('a session cannot be idle for longer than it lives; the default gives way', () => {
    const env = { OAUTH2_SESSION_EXPIRATION: '3600' };
    expect(config(env).sessionIdleSeconds).toBe(3600);
    expect(problemsOf({ ...env, OAUTH2_SESSION_IDLE: '3600' })).toEqual([]);
    expect(problemsOf({ ...env, OAUTH2_SESSION_IDLE: '3601' })).toEqual([
      'OAUTH2_SESSION_IDLE (3601) must not be above OAUTH2_SESSION_EXPIRATION (3600)',
    ]);
    expect(problemsOf({ OAUTH2_SESSION_IDLE: '43201' })).toEqual([
      'OAUTH2_SESSION_IDLE (43201) must not be above OAUTH2_SESSION_EXPIRATION (43200, the default)',
    ]);
    expect(problemsOf({ OAUTH2_SESSION_IDLE: '299' })).toHaveLength(1);
  });

  test('timeouts nest strictly, in one problem that names which do not', () => {
    expect(problemsOf({ OAUTH2_ASK_TIMEOUT_MS: '2000', OAUTH2_SHUTDOWN_TIMEOUT_MS: '9999' })).toEqual([
      'OAUTH2_ASK_TIMEOUT_MS (2000) must be greater than OAUTH2_STATEMENT_TIMEOUT_MS (2000, the default); ' +
        'OAUTH2_SHUTDOWN_TIMEOUT_MS (9999) must be greater than OAUTH2_HTTP_TIMEOUT_MS (10000, the default)',
    ]);
    expect(problemsOf({ OAUTH2_ASK_TIMEOUT_MS: '2001' })).toEqual([]);
    expect(problemsOf({ OAUTH2_ASK_TIMEOUT_MS: 'soon' })).toHaveLength(1);
  });

  test('the master secret is required with a database, long, and never twice the same', () => {
    expect(problemsOf({ OAUTH2_DATABASE_URL: DATABASE_URL })).toHaveLength(1);
    expect(problemsOf({ OAUTH2_DATABASE_URL: DATABASE_URL, OAUTH2_SECRET: SECRET })).toEqual([]);
    expect(problemsOf({ OAUTH2_SECRET: `${SECRET}, ${SECRET}` })).toEqual([
      'OAUTH2_SECRET must not hold the same secret twice',
    ]);
    expect(problemsOf({ OAUTH2_SECRET: `${SECRET},` })).toEqual([
      'OAUTH2_SECRET must hold secrets of at least 32 characters each, separated by commas',
    ]);
    expect(problemsOf({ OAUTH2_SECRET: 'short,short' })).toHaveLength(2);
  });

  test('an admin password is measured in bytes, as bcrypt does', () => {
    expect(problemsOf({ OAUTH2_ADMIN_PASSWORD: 'é'.repeat(6) })).toEqual([]);
    expect(problemsOf({ OAUTH2_ADMIN_PASSWORD: 'é'.repeat(36) })).toEqual([]);
    expect(problemsOf({ OAUTH2_ADMIN_PASSWORD: 'é'.repeat(37) })).toHaveLength(1);
    expect(problemsOf({ OAUTH2_ADMIN_PASSWORD: 'two lines\nof password' })).toHaveLength(1);
  });
});

describe('issuer', () => {
  test.each([
    ['https://login.example.com'],
    ['https://login.example.com:8443'],
    ['http://localhost:8080'],
    ['http://127.8.9.10'],
    ['http://[::1]:8080'],
  ])('%s is kept to the letter', (issuer) => {
    expect(config({ OAUTH2_ISSUER: issuer }).issuer).toBe(issuer);
  });

  test.each([
    'https://login.example.com/',
    'https://login.example.com/tenant',
    'https://login.example.com?',
    'https://login.example.com?a=b',
    'https://login.example.com#',
    'https://user:hunter2@login.example.com',
    'https://Login.example.com',
    'https://login.example.com:443',
    'ftp://login.example.com',
    'null',
    'https://',
  ])('%s is refused', (issuer) => {
    expect(problemsOf({ OAUTH2_ISSUER: issuer })).toEqual([
      expect.stringMatching(/^OAUTH2_ISSUER must be an origin/),
    ]);
  });

  test.each([
    'http://login.example.com',
    'http://10.0.0.1:8080',
    'http://127.0.0.1.example.com',
    'http://[::2]',
  ])('%s must use https', (issuer) => {
    expect(problemsOf({ OAUTH2_ISSUER: issuer })).toEqual([
      expect.stringMatching(/^OAUTH2_ISSUER must use https/),
    ]);
  });

  test.each([
    ['0.0.0.0', '9000', 'http://127.0.0.1:9000'],
    ['::', '9000', 'http://127.0.0.1:9000'],
    ['::1', '9000', 'http://[::1]:9000'],
    ['localhost', '80', 'http://localhost'],
  ])('host %s and port %s give %s', (host, port, issuer) => {
    expect(config({ OAUTH2_SERVER_HOST: host, OAUTH2_SERVER_PORT: port }).issuer).toBe(issuer);
  });

  test('a host that others can reach needs an issuer of its own', () => {
    const env = { OAUTH2_SERVER_HOST: '10.0.0.1' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^OAUTH2_ISSUER must be set to an https origin/)]);
    expect(config({ ...env, OAUTH2_ISSUER: 'https://login.example.com' }).serverHost).toBe('10.0.0.1');
  });
});

describe('secrets', () => {
  const env = {
    OAUTH2_DATABASE_URL: DATABASE_URL,
    OAUTH2_SECRET: `${SECRET},${OLD_SECRET}`,
    OAUTH2_ADMIN_PASSWORD: 'correct horse battery',
    OAUTH2_REGISTRATION_TOKEN: 'registration-token-0123456789-0123456789',
  };
  const values = [SECRET, OLD_SECRET, ...Object.values(env), 'hunter2-hunter2'];
  const expectNone = (printed: string, of = values) => {
    for (const value of of) expect(printed).not.toContain(value);
  };

  test('are there for those who ask', () => {
    const loaded = config(env);
    expect(loaded.secrets.map((secret) => secret.reveal())).toEqual([SECRET, OLD_SECRET]);
    expect(loaded.databaseUrl?.reveal()).toBe(DATABASE_URL);
    expect(loaded.adminPassword?.reveal()).toBe(env.OAUTH2_ADMIN_PASSWORD);
    expect(loaded.registrationToken?.reveal()).toBe(env.OAUTH2_REGISTRATION_TOKEN);
  });

  test('are in nothing that is printed', () => {
    const loaded = config(env);
    expect(JSON.stringify(loaded)).toContain('"databaseUrl":"[sensitive]"');
    expectNone(JSON.stringify(loaded));
    expectNone(inspect(loaded, { depth: null, showHidden: true }));
    expectNone(inspect(loaded, { depth: null, showHidden: true, customInspect: false }));
    const one = new Sensitive(SECRET);
    const printed = [`${one.toString()}`, String(one), one.toString(), [one].join(), JSON.stringify(one)];
    expect(printed.map((text) => text.replaceAll('"', ''))).toEqual(Array(5).fill('[sensitive]'));
    expect(inspect(one)).toBe('[sensitive]');
  });

  test('are in no problem and no warning, wherever they were put', () => {
    const wrong = {
      OAUTH2_DATABASE_URL: 'mysql://u:leaked-1@db',
      OAUTH2_SECRET: 'leaked-2,leaked-2',
      OAUTH2_ADMIN_PASSWORD: 'leaked-3',
      OAUTH2_REGISTRATION_TOKEN: 'leaked-4',
      OAUTH2_ISSUER: 'https://u:leaked-5@login.example.com',
      OAUTH2_SERVER_PORT: 'leaked-6',
    };
    const problems = problemsOf(wrong);
    expect(problems).toHaveLength(7);
    expectNone(new ConfigError(problems).message, ['leaked']);
    expectNone(inspect(new ConfigError(problems)), ['leaked']);
    expectNone(problemsOf({ OAUTH2_SECRET_FILE: 'leaked-7' }).join(), ['leaked']);
    expectNone(loadConfig({ OAUTH2_SECRETS: 'leaked-8' }).warnings.join(), ['leaked']);
  });

  test('may come from a file, without its last newline', () => {
    const path = join(tmpdir(), `stagedoor-config-${process.pid}`);
    writeFileSync(path, `${SECRET},${OLD_SECRET}\r\n`);
    try {
      expect(config({ OAUTH2_SECRET_FILE: path }).secrets.map((one) => one.reveal())).toEqual([
        SECRET,
        OLD_SECRET,
      ]);
    } finally {
      rmSync(path);
    }
    const { config: loaded } = loadConfig(
      { OAUTH2_ADMIN_PASSWORD_FILE: '/run/p' },
      (asked) => `${asked} password \n`,
    );
    expect(loaded.adminPassword?.reveal()).toBe('/run/p password ');
  });

  test('a file that cannot be used is one problem, which does not echo its path', () => {
    const file = { OAUTH2_DATABASE_URL: DATABASE_URL, OAUTH2_SECRET_FILE: '/run/private-path' };
    expect(problemsOf(file, noSuchFile)).toEqual([
      'OAUTH2_SECRET_FILE must name a file that can be read (ENOENT)',
    ]);
    expect(problemsOf(file, () => '\n')).toEqual(['OAUTH2_SECRET_FILE must name a file that is not empty']);
    expect(problemsOf({ ...file, OAUTH2_SECRET: SECRET }, () => OLD_SECRET)).toEqual([
      'OAUTH2_SECRET and OAUTH2_SECRET_FILE must not both be set',
    ]);
  });
});

test('a loopback issuer is a warning where the server is for other machines: on PostgreSQL and not on loopback', () => {
  const database = { OAUTH2_DATABASE_URL: DATABASE_URL, OAUTH2_SECRET: SECRET };
  const image = { OAUTH2_SERVER_HOST: '0.0.0.0', OAUTH2_ISSUER: 'http://localhost:8080' };
  expect(loadConfig({ ...database, ...image }).warnings).toEqual([
    'OAUTH2_ISSUER is http://localhost:8080, which only clients on this very machine can reach',
  ]);
  expect(loadConfig(image).warnings).toEqual([]);
  expect(loadConfig(database).warnings).toEqual([]);
  expect(loadConfig({ ...database, ...image, OAUTH2_ISSUER: 'https://auth.example.com' }).warnings).toEqual(
    [],
  );
});

describe('client registration', () => {
  const database = { OAUTH2_DATABASE_URL: DATABASE_URL, OAUTH2_SECRET: SECRET };

  test('is protected by default outside the embedded database', () => {
    const { config, warnings } = loadConfig(database);
    expect(config.clientRegistration).toBe('protected');
    expect(warnings).toEqual([]);
    expect(loadConfig({ ...database, OAUTH2_CLIENT_REGISTRATION: 'open' })).toMatchObject({
      config: { clientRegistration: 'open' },
      warnings: [],
    });
  });

  test('open to the whole world is a warning', () => {
    const env = { OAUTH2_CLIENT_REGISTRATION: 'open', OAUTH2_ISSUER: 'https://auth.example.com' };
    expect(loadConfig({ ...database, ...env }).warnings).toEqual([
      expect.stringMatching(/^OAUTH2_CLIENT_REGISTRATION is open on a public issuer/),
    ]);
  });

  test('protected on purpose and without a token is a warning', () => {
    const env = { OAUTH2_CLIENT_REGISTRATION: 'protected' };
    expect(loadConfig(env).warnings).toEqual([
      expect.stringMatching(/^OAUTH2_REGISTRATION_TOKEN is not set/),
    ]);
    expect(loadConfig({ ...env, OAUTH2_REGISTRATION_TOKEN: SECRET }).warnings).toEqual([]);
  });
});

describe('workers', () => {
  const onPostgres = { OAUTH2_DATABASE_URL: DATABASE_URL, OAUTH2_SECRET: SECRET };

  test('there are as many as asked for, or one for each core up to 64', () => {
    const countOn = (cores: number, env: Env) => workerCount(config({ ...onPostgres, ...env }), cores);
    expect(countOn(8, {})).toBe(1);
    expect(countOn(8, { OAUTH2_WORKERS: '3' })).toBe(3);
    expect(countOn(8, { OAUTH2_WORKERS: 'auto' })).toBe(8);
    expect(countOn(96, { OAUTH2_WORKERS: 'auto' })).toBe(64);
    expect(problemsOf({ ...onPostgres, OAUTH2_WORKERS: '65' })).toEqual([
      'OAUTH2_WORKERS must be auto, or a whole number from 1 to 64',
    ]);
  });

  test('on the embedded database there is one', () => {
    expect(workerCount(config({ OAUTH2_WORKERS: 'auto' }), 8)).toBe(1);
    expect(problemsOf({ OAUTH2_WORKERS: '2' })).toEqual([
      'OAUTH2_WORKERS must be 1 or auto on the embedded database, which only one process can open; set OAUTH2_DATABASE_URL to have more',
    ]);
    // One problem of a database's URL is enough.
    expect(problemsOf({ OAUTH2_WORKERS: '2', OAUTH2_DATABASE_URL: 'x', OAUTH2_SECRET: SECRET })).toHaveLength(
      1,
    );
  });

  test('each has a thread that signs where they leave a core, unless a number is set', () => {
    const threadsOn = (cores: number, env: Env) => signingThreads(config({ ...onPostgres, ...env }), cores);
    expect(threadsOn(1, {})).toBe(0);
    expect(threadsOn(2, {})).toBe(1);
    expect(threadsOn(4, { OAUTH2_WORKERS: '3' })).toBe(1);
    expect(threadsOn(4, { OAUTH2_WORKERS: '4' })).toBe(0);
    expect(threadsOn(4, { OAUTH2_WORKERS: 'auto' })).toBe(0);
    expect(threadsOn(4, { OAUTH2_WORKERS: '4', OAUTH2_SIGNING_THREADS: '2' })).toBe(2);
  });
});

describe('observability', () => {
  test('the metrics may have a port, but not the main one', () => {
    expect(config({ OAUTH2_METRICS_PORT: '9464' }).metricsPort).toBe(9464);
    expect(problemsOf({ OAUTH2_METRICS_PORT: '8080' })).toEqual([
      'OAUTH2_METRICS_PORT must differ from OAUTH2_SERVER_PORT; leave it out to serve /metrics there',
    ]);
  });

  test.each(['collector:4317', 'ftp://collector', 'http://'])('%s is no collector', (value) => {
    expect(problemsOf({ OAUTH2_OTLP_ENDPOINT: value })).toEqual([
      'OAUTH2_OTLP_ENDPOINT must be an http or https URL',
    ]);
  });
});

describe('trusted proxies', () => {
  test('are addresses, ranges and words that Express takes too', () => {
    const value = 'loopback, linklocal,uniquelocal,10.0.0.0/8,192.0.2.1,fd00::/8,::1,2001:db8::1/128';
    const { trustedProxies } = config({ OAUTH2_TRUSTED_PROXIES: value });
    expect(trustedProxies).toEqual(value.split(',').map((one) => one.trim()));
    expect(() => express().set('trust proxy', [...trustedProxies])).not.toThrow();
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/0',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/8/8',
    'loopback,',
    'true',
    '1',
    'fe80::1%eth0',
  ])('%s is refused', (value) => {
    expect(problemsOf({ OAUTH2_TRUSTED_PROXIES: value })).toHaveLength(1);
  });
});

describe('unknown variables', () => {
  const unknown = ' is not a setting of this server and is ignored';

  test('are warned of with the nearest name, if one is near', () => {
    const env = {
      OAUTH2_SERVER_PROT: '8080',
      OAUTH2_ACCESS_TOKEN_EXPIRY: '60',
      OAUTH2_SECERT_FILE: '/run/secret',
      OAUTH2_LOG_LEVEL_FILE: '/run/level',
      OAUTH2_SERVER_SERVICE_HOST: '10.0.0.1',
      HOME: '/root',
    };
    expect(loadConfig(env).warnings).toEqual([
      `OAUTH2_ACCESS_TOKEN_EXPIRY${unknown}; did you mean OAUTH2_ACCESS_TOKEN_EXPIRATION?`,
      `OAUTH2_LOG_LEVEL_FILE${unknown}: only secrets are read from files; set OAUTH2_LOG_LEVEL`,
      `OAUTH2_SECERT_FILE${unknown}; did you mean OAUTH2_SECRET_FILE?`,
      `OAUTH2_SERVER_PROT${unknown}; did you mean OAUTH2_SERVER_PORT?`,
      `OAUTH2_SERVER_SERVICE_HOST${unknown}`,
    ]);
  });
});

test('the schedule of the signing keys is off at 0, and else no shorter than ten minutes', () => {
  const rotation = (value: string) => config({ OAUTH2_KEY_ROTATION: value }).keyRotationSeconds;
  expect([rotation('0'), rotation('600')]).toEqual([0, 600]);
  for (const value of ['599', '-1', '00', 'off'])
    expect(() => rotation(value)).toThrow('OAUTH2_KEY_ROTATION must be 0, or a whole number from 600 to');
});

test('the table in the README is the schema (npm run settings writes it)', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, section] = /<!-- settings -->([^]*?)<!-- \/settings -->/.exec(readme) ?? [];
  expect(section).toBe(`\n\n${settingsTable()}\n\n`);
});
