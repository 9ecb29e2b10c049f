import type { Server } from 'node:http';
import type { Config } from './config.ts';
import { createMetricsApp, type AppParts } from './http/app.ts';
import type { Exposition } from './http/routes/metrics.ts';
import { createHttpServer, listenOn } from './http/server.ts';
import { StartupError } from './storage.ts';

/** Listens, or throws a StartupError that names the setting to change. */
export async function listenAt(server: Server, host: string, port: number, variable: string): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const hint = code === 'EADDRINUSE' ? `another process uses the port; stop it or set ${variable}` : code;
    throw new StartupError(`Cannot listen on ${host} port ${port}: ${hint}`);
  }
}

/** More than those who scrape need. */
const METRICS_CONNECTIONS = 100;

/** Serves the metrics on the port of their own, where the configuration names one; otherwise resolves to undefined. */
export async function openMetricsPort(
  { metrics, metricsPort, serverHost, httpTimeoutMs }: Config,
  expose: Exposition | undefined,
  parts: Pick<AppParts, 'logger' | 'sources' | 'requestObservers'>,
): Promise<Server | undefined> {
  if (metrics === 'off' || metricsPort === undefined || !expose) return undefined;
  const server = createHttpServer(
    createMetricsApp(expose, parts),
    httpTimeoutMs,
    undefined,
    METRICS_CONNECTIONS,
  );
  await listenAt(server, serverHost, metricsPort, 'OAUTH2_METRICS_PORT');
  return server;
}
