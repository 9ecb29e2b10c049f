import { lookup } from 'node:dns/promises';
import type { Config } from '../config.ts';
import { isLoopback } from '../config-values.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Settings that a check of their own speaks about, with what the configuration warns of them. */
const REGISTRATION = ['OAUTH2_CLIENT_REGISTRATION', 'OAUTH2_REGISTRATION_TOKEN'];

/** A range of addresses wider than this holds strangers, whoever runs the proxies. */
const NARROWEST_STRANGERS = { v4: 8, v6: 16 } as const;

/** What the settings say by themselves. `warnings`: what loadConfig has against them. */
export function checkSettings(config: Config, warnings: readonly string[]): readonly Finding[] {
  return [
    ...checkWarnings(warnings),
    checkIssuer(config),
    checkTrustedProxies(config),
    checkRegistration(config, warnings),
    checkMetricsPort(config),
    checkLogLevel(config),
    checkTimeouts(config),
  ];
}

/** Whether the issuer's name has an address, as seen from here. */
export async function checkIssuerResolves({ issuer }: Pick<Config, 'issuer'>): Promise<Finding> {
  const check = 'issuer-resolves';
  const { hostname } = new URL(issuer);
  if (isLoopback(hostname)) return skipped(check, `${hostname} is this machine`);
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''));
    return ok(check, `${hostname} is ${address}`);
  } catch (error) {
    return warning(
      check,
      `${hostname} has no address here (${String((error as { code?: unknown }).code)})`,
      'Make the DNS entry; if only machines outside are to know the name, this may be as it should.',
    );
  }
}

function checkWarnings(warnings: readonly string[]): readonly Finding[] {
  const check = 'settings';
  const others = warnings.filter((text) => !isAbout(text, ['OAUTH2_ISSUER', ...REGISTRATION]));
  if (others.length === 0) return [ok(check, 'every setting is known and usable')];
  return others.map((text) => warning(check, text, 'Correct the environment of this process.'));
}

function isAbout(text: string, variables: readonly string[]): boolean {
  return variables.includes(/^OAUTH2_\w+/.exec(text)?.[0] ?? '');
}

function checkIssuer({ issuer, databaseUrl }: Config): Finding {
  const check = 'issuer';
  if (!isLoopback(new URL(issuer).hostname)) return ok(check, issuer); // which is https, or loadConfig had refused it
  const found = `${issuer} can only be reached from this machine`;
  const advice = 'Set OAUTH2_ISSUER to the https origin that clients know this server by.';
  // Nobody tries it out on a PostgreSQL server.
  return databaseUrl === undefined ? warning(check, found, advice) : failed(check, found, advice);
}

function checkTrustedProxies({ issuer, trustedProxies }: Config): Finding {
  const check = 'trusted-proxies';
  if (!issuer.startsWith('https:'))
    return skipped(check, 'the issuer is plain http, so no proxy is expected');
  if (trustedProxies.length === 0)
    return failed(
      check,
      'the issuer is https, this server speaks plain http, and no proxy is trusted',
      'Set OAUTH2_TRUSTED_PROXIES to the addresses of the proxy that ends TLS; until then every request seems to come from it, and ' +
        'one guesser locks everybody out.',
    );
  const wide = trustedProxies.filter(holdsStrangers);
  if (wide.length > 0)
    return failed(
      check,
      `${wide.join(', ')} takes strangers for proxies`,
      'Name the addresses of your proxies alone: whoever is believed can choose the address that is locked, counted and audited.',
    );
  return ok(check, trustedProxies.join(', '));
}

function holdsStrangers(range: string): boolean {
  const [address = '', prefix] = range.split('/');
  if (prefix === undefined) return false;
  return Number(prefix) < (address.includes(':') ? NARROWEST_STRANGERS.v6 : NARROWEST_STRANGERS.v4);
}

function checkRegistration({ clientRegistration }: Config, warnings: readonly string[]): Finding {
  const check = 'client-registration';
  const [trouble] = warnings.filter((text) => isAbout(text, REGISTRATION));
  if (trouble === undefined) return ok(check, clientRegistration);
  return warning(
    check,
    trouble,
    clientRegistration === 'open'
      ? 'Set OAUTH2_CLIENT_REGISTRATION to protected or disabled, unless strangers are meant to register clients.'
      : 'Set OAUTH2_REGISTRATION_TOKEN, or OAUTH2_CLIENT_REGISTRATION to disabled.',
  );
}

function checkMetricsPort({ issuer, metrics, metricsPort, serverPort }: Config): Finding {
  const check = 'metrics-port';
  if (metrics === 'off') return ok(check, '/metrics is off');
  if (metricsPort !== undefined) return ok(check, `/metrics is on port ${metricsPort} alone`);
  if (isLoopback(new URL(issuer).hostname)) return ok(check, `/metrics is on port ${serverPort}`);
  return warning(
    check,
    `/metrics is on port ${serverPort}, like everything that is public`,
    'Set OAUTH2_METRICS_PORT, or have the proxy refuse /metrics.',
  );
}

function checkLogLevel({ logLevel }: Config): Finding {
  const check = 'log-level';
  if (logLevel === 'info' || logLevel === 'warn') return ok(check, logLevel);
  const isMore = logLevel === 'debug' || logLevel === 'trace';
  return warning(
    check,
    logLevel,
    isMore
      ? 'Set OAUTH2_LOG_LEVEL to info: this much is for looking for a fault.'
      : 'Set OAUTH2_LOG_LEVEL to info or warn: this leaves out what the runbooks ask for.',
  );
}

/** That they nest, loadConfig has seen to; what the platform allows, only the platform knows. */
function checkTimeouts(config: Config): Finding {
  const { statementTimeoutMs, askTimeoutMs, httpTimeoutMs, shutdownTimeoutMs, shutdownDelayMs } = config;
  const nested = [statementTimeoutMs, askTimeoutMs, httpTimeoutMs, shutdownTimeoutMs].join(' < ');
  const graceSeconds = Math.ceil((shutdownDelayMs + shutdownTimeoutMs) / 1000) + 5;
  return ok(
    'timeouts',
    `statement < ask < HTTP < shutdown: ${nested} ms; the platform's grace must be ${graceSeconds} s or more`,
  );
}
