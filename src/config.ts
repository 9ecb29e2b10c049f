import { readFileSync } from 'node:fs';
import { SETTINGS } from './config-settings.ts';
import type { Field, ParsedSettings } from './config-settings.ts';
import { httpOrigin, isLoopback, type Setting } from './config-values.ts';

/** What the process runs by. Deeply frozen; secrets are Sensitive. */
export interface Config extends Omit<ParsedSettings, 'issuer' | 'clientRegistration'> {
  readonly issuer: string;
  readonly clientRegistration: NonNullable<ParsedSettings['clientRegistration']>;
}

/** A configuration that cannot be run, with everything that is wrong with it. Holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.problems = Object.freeze([...problems]);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type ReadFile = (path: string) => string;

/** The settings that parsed, which of them the environment mentions (rightly or not), and what is wrong. */
interface Reading {
  readonly values: Partial<ParsedSettings>;
  readonly mentioned: ReadonlySet<Field>;
  readonly problems: readonly string[];
}

const PREFIX = 'OAUTH2_';
const TIMEOUTS = ['statementTimeoutMs', 'askTimeoutMs', 'httpTimeoutMs', 'shutdownTimeoutMs'] as const;
const ENTRIES = Object.entries(SETTINGS) as readonly (readonly [Field, Setting])[];

/**
 * Reads the configuration from environment variables, and secrets also from the files that `*_FILE` names.
 * Throws one ConfigError with every problem; warnings are for the log, and neither ever holds a secret.
 */
export function loadConfig(
  env: Environment,
  readFile: ReadFile = (path) => readFileSync(path, 'utf8'),
): { config: Config; warnings: string[] } {
  const reading = readSettings(env, readFile);
  const problems = [...reading.problems, ...crossProblems(reading)];
  if (problems.length > 0) throw new ConfigError(problems);

  const values = reading.values as ParsedSettings; // without a problem, every setting has parsed
  const config: Config = Object.freeze({
    ...values,
    issuer: values.issuer ?? localOrigin(values.serverHost, values.serverPort),
    clientRegistration: values.clientRegistration ?? (values.databaseUrl ? 'protected' : 'open'),
    // The default gives way to a shorter lifetime; crossProblems refuses a value that was set and cannot be meant.
    sessionIdleSeconds: Math.min(values.sessionIdleSeconds, values.sessionLifetimeSeconds),
  });
  return {
    config,
    warnings: [
      ...issuerWarnings(config),
      ...registrationWarnings(values, config.issuer),
      ...metricsWarnings(config),
      ...unknownVariables(env),
    ],
  };
}

/** The Markdown table of every setting, laid out as Prettier does. */
export function settingsTable(): string {
  const rows = ENTRIES.map(([, setting]) => [
    `\`${setting.variable}\`${setting.secret ? ' (or `_FILE`)' : ''}`,
    setting.default === undefined ? (setting.unset ?? '') : `\`${setting.default}\``,
    `${setting.about} (${setting.accepts})`,
  ]);
  const header = ['Variable', 'Default', 'What it sets'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  return [line(header), line(['', '', ''], '-'), ...rows.map((row) => line(row))].join('\n');
}

function readSettings(env: Environment, readFile: ReadFile): Reading {
  const values: Partial<Record<Field, unknown>> = {};
  const mentioned = new Set<Field>();
  const problems: string[] = [];
  for (const [field, setting] of ENTRIES) {
    const raw = readRaw(setting, env, readFile);
    if (raw.problem !== undefined || raw.text !== undefined) mentioned.add(field);
    if (raw.problem !== undefined) {
      problems.push(raw.problem);
      continue;
    }
    const result = setting.schema.safeParse(raw.text ?? setting.default);
    if (result.success) values[field] = result.data;
    else for (const issue of result.error.issues) problems.push(refusal(setting, issue.message, raw.text));
  }
  return { values: values as Partial<ParsedSettings>, mentioned, problems };
}

function refusal(setting: Setting, message: string, raw: string | undefined): string {
  // Kubernetes describes a Service called oauth2-server in variables of the same names.
  const hint = raw?.startsWith('tcp://')
    ? ' (Kubernetes seems to have set it for a Service: use enableServiceLinks: false)'
    : '';
  return `${setting.variable} ${message}${hint}`;
}

function readRaw(
  setting: Setting,
  env: Environment,
  readFile: ReadFile,
): { text?: string; problem?: string } {
  const text = env[setting.variable] || undefined;
  const fileVariable = `${setting.variable}_FILE`;
  const path = (setting.secret && env[fileVariable]) || undefined;
  if (path === undefined) return text === undefined ? {} : { text };
  if (text !== undefined) return { problem: `${setting.variable} and ${fileVariable} must not both be set` };
  try {
    const content = readFile(path).replace(/\r?\n$/, '');
    return content === ''
      ? { problem: `${fileVariable} must name a file that is not empty` }
      : { text: content };
  } catch (error) {
    // The path is not echoed: a secret put into the wrong variable would be.
    return { problem: `${fileVariable} must name a file that can be read${errorCode(error)}` };
  }
}

function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? ` (${code})` : '';
}

function crossProblems({ values, mentioned }: Reading): string[] {
  const problems: string[] = [];
  if (mentioned.has('databaseUrl') && !mentioned.has('secrets')) {
    problems.push('OAUTH2_SECRET must be set when OAUTH2_DATABASE_URL is: at least 32 random characters');
  }
  if (!mentioned.has('databaseUrl') && typeof values.workers === 'number' && values.workers > 1) {
    problems.push(
      'OAUTH2_WORKERS must be 1 or auto on the embedded database, which only one process can open; set OAUTH2_DATABASE_URL to have more',
    );
  }
  if (values.metricsPort !== undefined && values.metricsPort === values.serverPort) {
    problems.push(
      'OAUTH2_METRICS_PORT must differ from OAUTH2_SERVER_PORT; leave it out to serve /metrics there',
    );
  }
  if (values.serverHost !== undefined && !mentioned.has('issuer')) {
    const { hostname } = new URL(localOrigin(values.serverHost, 80));
    if (!isLoopback(hostname)) {
      problems.push(
        'OAUTH2_ISSUER must be set to an https origin, because OAUTH2_SERVER_HOST is not a loopback host',
      );
    }
  }
  const named = (field: Field) =>
    `${SETTINGS[field].variable} (${String(values[field])}${mentioned.has(field) ? '' : ', the default'})`;
  const { accessTokenLifetimeSeconds: access, refreshTokenLifetimeSeconds: refresh } = values;
  if (access !== undefined && refresh !== undefined && refresh < access) {
    problems.push(
      `${named('refreshTokenLifetimeSeconds')} must be at least ${named('accessTokenLifetimeSeconds')}`,
    );
  }
  const { sessionIdleSeconds: idle, sessionLifetimeSeconds: session } = values;
  if (mentioned.has('sessionIdleSeconds') && idle !== undefined && session !== undefined && idle > session) {
    problems.push(`${named('sessionIdleSeconds')} must not be above ${named('sessionLifetimeSeconds')}`);
  }
  const unnested = TIMEOUTS.flatMap((outer, index) => {
    const inner = TIMEOUTS[index - 1];
    if (inner === undefined || (values[outer] ?? Infinity) > (values[inner] ?? 0)) return [];
    return [`${named(outer)} must be greater than ${named(inner)}`];
  });
  if (unnested.length > 0) problems.push(unnested.join('; '));
  return problems;
}

/** The origin at which a server that listens there is reached from its own machine. */
export function localOrigin(host: string, port: number): string {
  const url = new URL(httpOrigin(host, port));
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return url.origin;
}

/** The container image has a loopback issuer, so that trying it takes no setting; nobody tries it on PostgreSQL. */
function issuerWarnings({ issuer, serverHost, databaseUrl }: Config): string[] {
  const isFarServer = databaseUrl !== undefined && !isLoopback(new URL(httpOrigin(serverHost)).hostname);
  if (!isFarServer || !isLoopback(new URL(issuer).hostname)) return [];
  return [`OAUTH2_ISSUER is ${issuer}, which only clients on this very machine can reach`];
}

function registrationWarnings(
  { clientRegistration, registrationToken }: ParsedSettings,
  issuer: string,
): string[] {
  if (clientRegistration === 'protected' && !registrationToken) {
    return ['OAUTH2_REGISTRATION_TOKEN is not set: protected client registration will refuse everybody'];
  }
  if (clientRegistration === 'open' && !isLoopback(new URL(issuer).hostname)) {
    return [
      'OAUTH2_CLIENT_REGISTRATION is open on a public issuer: anybody can register a client and get tokens of any scope but ' +
        'admin for it, so a resource server must know its clients',
    ];
  }
  return [];
}

function metricsWarnings({ metrics, metricsPort }: Config): string[] {
  if (metrics === 'on' || metricsPort === undefined) return [];
  return ['OAUTH2_METRICS_PORT is without effect, because OAUTH2_METRICS is off'];
}

function unknownVariables(env: Environment): string[] {
  const known = ENTRIES.flatMap(([, { variable, secret }]) =>
    secret ? [variable, `${variable}_FILE`] : [variable],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] && !known.includes(name))
    .sort()
    .map((name) => `${name} is not a setting of this server and is ignored${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const plain = name.replace(/_FILE$/, '');
  if (known.includes(plain)) return `: only secrets are read from files; set ${plain}`;
  const distances = known.map((candidate) => editDistance(name, candidate));
  const smallest = Math.min(...distances);
  const tolerated = Math.max(2, Math.floor((name.length - PREFIX.length) / 3));
  return smallest <= tolerated ? `; did you mean ${String(known[distances.indexOf(smallest)])}?` : '';
}

/** Levenshtein distance: the fewest insertions, deletions and substitutions. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const substituted = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substituted, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
