import type { z } from 'zod';
import { LIMITS } from './config-limits.ts';
import {
  bearerToken,
  countOrAuto,
  databaseUrl,
  host,
  httpUrl,
  integer,
  integerOrZero,
  issuer,
  oneOf,
  optional,
  password,
  proxyList,
  secretList,
  text,
  type Setting,
} from './config-values.ts';

/** Every setting there is, by the field of Config that it fills. */
export const SETTINGS = {
  serverHost: {
    variable: 'OAUTH2_SERVER_HOST',
    ...host(),
    default: '127.0.0.1',
    about: 'Address to listen on',
  },
  serverPort: {
    variable: 'OAUTH2_SERVER_PORT',
    ...integer(1, 65_535),
    default: '8080',
    about: 'Port to listen on',
  },
  issuer: {
    variable: 'OAUTH2_ISSUER',
    ...issuer(),
    unset: 'from host and port',
    about: 'URL that clients know this server by, and that every token names',
  },
  databaseUrl: {
    variable: 'OAUTH2_DATABASE_URL',
    ...databaseUrl(),
    secret: true,
    unset: 'embedded database',
    about: 'PostgreSQL to keep everything in',
  },
  databasePoolSize: {
    variable: 'OAUTH2_DATABASE_POOL_SIZE',
    ...integer(1, 200),
    default: '10',
    about: 'Most connections to PostgreSQL at once, of each worker',
  },
  workers: {
    variable: 'OAUTH2_WORKERS',
    ...countOrAuto(1, 64),
    default: '1',
    about: 'Processes that serve; `auto`: one for each core. The embedded database allows only one',
  },
  dataDir: {
    variable: 'OAUTH2_DATA_DIR',
    ...text('a path', (value) => value.length > 0),
    default: './data',
    about: 'Folder of the embedded database and of the secret made for it',
  },
  secrets: {
    variable: 'OAUTH2_SECRET',
    ...secretList(32),
    secret: true,
    unset: 'made and kept in the data folder; required with `OAUTH2_DATABASE_URL`',
    about: 'Master secrets: the first derives every key, the others still verify',
  },
  adminUsername: {
    variable: 'OAUTH2_ADMIN_USERNAME',
    ...text('1 to 64 letters, digits or . _ - @', (value) => /^[A-Za-z0-9._@-]{1,64}$/.test(value)),
    default: 'admin',
    about: 'Name of the first admin, made on first start',
  },
  adminPassword: {
    variable: 'OAUTH2_ADMIN_PASSWORD',
    ...password(12, 72),
    secret: true,
    unset: 'made and printed once',
    about: 'Password of the first admin',
  },
  clientRegistration: {
    variable: 'OAUTH2_CLIENT_REGISTRATION',
    ...optional(oneOf(['open', 'protected', 'disabled'])),
    unset: '`open` on the embedded database, else `protected`',
    about: 'Who may register a client',
  },
  registrationToken: {
    variable: 'OAUTH2_REGISTRATION_TOKEN',
    ...bearerToken(32),
    secret: true,
    unset: 'protected registration refuses everybody',
    about: 'Initial access token that protected registration asks for',
  },
  accessTokenLifetimeSeconds: {
    variable: 'OAUTH2_ACCESS_TOKEN_EXPIRATION',
    ...integer(60, 86_400),
    default: '3600',
    about: 'Lifetime of an access token in seconds',
  },
  refreshTokenLifetimeSeconds: {
    variable: 'OAUTH2_REFRESH_TOKEN_EXPIRATION',
    ...integer(300, 31_536_000),
    default: '2592000',
    about: 'Lifetime of a refresh token in seconds, at least that of an access token',
  },
  authorizationCodeLifetimeSeconds: {
    variable: 'OAUTH2_AUTHORIZATION_CODE_EXPIRATION',
    ...integer(10, 600),
    default: '60',
    about: 'Lifetime of an authorization code in seconds',
  },
  refreshGraceSeconds: {
    variable: 'OAUTH2_REFRESH_GRACE',
    ...integer(0, 300),
    default: '30',
    about: 'Seconds in which the previous refresh token still gives the same successor',
  },
  sessionLifetimeSeconds: {
    variable: 'OAUTH2_SESSION_EXPIRATION',
    ...integer(300, 2_592_000),
    default: '43200',
    about: 'Lifetime of a login session in seconds',
  },
  sessionIdleSeconds: {
    variable: 'OAUTH2_SESSION_IDLE',
    ...integer(300, 2_592_000),
    default: '7200',
    about: 'Seconds without a request after which a login session ends early, at most its lifetime',
  },
  loginAttemptsPerAccount: {
    variable: 'OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT',
    ...integer(1, 1_000_000),
    default: '10',
    about:
      'Failed logins to one account that one address has, and ten times as many all together, before a lock',
  },
  loginAttemptsPerAddress: {
    variable: 'OAUTH2_LOGIN_ATTEMPTS_PER_ADDRESS',
    ...integer(1, 1_000_000),
    default: '100',
    about: 'Failed logins that one address has, whatever the account, before a lock',
  },
  loginLockSeconds: {
    variable: 'OAUTH2_LOGIN_LOCK',
    ...integer(1, 86_400),
    default: '900',
    about: 'Seconds for which failed logins count, and for which a lock lasts',
  },
  accessTokenAlgorithm: {
    variable: 'OAUTH2_ACCESS_TOKEN_ALGORITHM',
    ...oneOf(['ES256', 'RS256']),
    default: 'ES256',
    about: 'Signature of access tokens',
  },
  keyRotationSeconds: {
    variable: 'OAUTH2_KEY_ROTATION',
    ...integerOrZero(600, 315_360_000),
    default: '7776000',
    about: 'Seconds after which a signing key is replaced; 0: only when somebody asks for it',
  },
  jwksMaxAgeSeconds: {
    variable: 'OAUTH2_JWKS_MAX_AGE',
    ...integer(10, 86_400),
    default: '300',
    about:
      'Seconds for which a verifier may keep the published keys; a new one signs after twice that and two minutes',
  },
  ...LIMITS,
  passwordHashCost: {
    variable: 'OAUTH2_PASSWORD_HASH_COST',
    ...integer(10, 15),
    default: '12',
    about: 'Cost of a bcrypt password hash: rounds, as a power of two',
  },
  trustedProxies: {
    variable: 'OAUTH2_TRUSTED_PROXIES',
    ...proxyList(),
    unset: 'none',
    about: 'Proxies whose forwarded headers are believed',
  },
  metrics: {
    variable: 'OAUTH2_METRICS',
    ...oneOf(['on', 'off']),
    default: 'on',
    about: 'Whether figures for Prometheus are gathered and served at `/metrics`',
  },
  metricsPort: {
    variable: 'OAUTH2_METRICS_PORT',
    ...optional(integer(1, 65_535)),
    unset: '`/metrics` is on the main port',
    about: 'Port of its own for `/metrics`, which is then on no other',
  },
  otlpEndpoint: {
    variable: 'OAUTH2_OTLP_ENDPOINT',
    ...optional(httpUrl()),
    unset: 'no tracing, unless a standard `OTEL_EXPORTER_OTLP_…` variable names one',
    about: 'OpenTelemetry collector that traces are sent to (OTLP)',
  },
  logLevel: {
    variable: 'OAUTH2_LOG_LEVEL',
    ...oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    about: 'Least severe log lines that are written',
  },
} satisfies Record<string, Setting>;

/** The name of a field of Config. */
export type Field = keyof typeof SETTINGS;

/** What the environment says, before defaults that depend on other settings. */
export type ParsedSettings = { readonly [F in Field]: z.output<(typeof SETTINGS)[F]['schema']> };
