import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';

type Environment = Record<string, string | undefined>;

/** As many as the largest batch serves. */
const MAX_LINKS = 500;

/** Where traces go; ending it sends what is left. */
export interface Tracing {
  /** Waits no longer than `timeoutMs`: a collector that is away must not keep the process. */
  end(timeoutMs: number): Promise<void>;
}

/** The standard variables that name a collector (OpenTelemetry, OTLP exporter configuration). */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/**
 * Starts the OpenTelemetry SDK if a collector is named, by `endpoint` or by a standard variable; otherwise nothing is loaded
 * and nothing is recorded. All else (protocol, sampler, headers, resource) is set by the standard OTEL_ variables, which the
 * SDK reads from `env`: it must be the process's own, and gets what we decide. `complain` is told of trouble with the collector.
 */
export async function startTracing(
  env: Environment,
  endpoint: string | undefined,
  version: string,
  complain: (message: string) => void,
): Promise<Tracing | undefined> {
  if (endpoint !== undefined) env.OTEL_EXPORTER_OTLP_ENDPOINT ??= endpoint;
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  if (isOff || !ENDPOINTS.some((name) => env[name])) return undefined;
  // Metrics are Prometheus's and logs go to standard output; the SDK would send both.
  env.OTEL_METRICS_EXPORTER ??= 'none';
  env.OTEL_LOGS_EXPORTER ??= 'none';
  env.OTEL_SERVICE_NAME ??= 'stagedoor';
  const { NodeSDK, resources } = await import('@opentelemetry/sdk-node');
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes({ 'service.version': version }));
  // A batched statement has a link to each message that it serves; the SDK's own limit is 128.
  const sdk = new NodeSDK({ resource, spanLimits: { linkCountLimit: MAX_LINKS } });
  diag.setLogger(quiet(complain), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  sdk.start();
  return {
    end: async (timeoutMs) => {
      const given = sleep(timeoutMs, undefined, { ref: false });
      await Promise.race([sdk.shutdown().catch(() => undefined), given]);
    },
  };
}

/** The same complaint comes no more often than this. */
const REPEAT_MS = 60_000;

/** Complaints that are told apart; beyond that they count as one. */
const MAX_COMPLAINTS = 20;

/** Passes on warnings and errors of the SDK, each once in a while: a collector that is away fails every few seconds. */
function quiet(complain: (message: string) => void): DiagLogger {
  const saidAtMs = new Map<string, number>();
  const say = (message: string) => {
    const complaint = summary(message);
    const key = saidAtMs.has(complaint) || saidAtMs.size < MAX_COMPLAINTS ? complaint : '';
    if (performance.now() - (saidAtMs.get(key) ?? -Infinity) < REPEAT_MS) return;
    saidAtMs.set(key, performance.now());
    complain(complaint);
  };
  const nothing = () => undefined;
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}

/** An error comes as JSON with its stack. */
function summary(message: string): string {
  try {
    const { name, code, message: text } = JSON.parse(message) as Record<string, unknown>;
    return [name, code, text].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return message;
  }
}
