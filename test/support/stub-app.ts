import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Express } from 'express';
import { pino } from 'pino';
import type { Actors } from '../../src/actors/actors.ts';
import { createApp } from '../../src/http/app.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { deriveKeys } from '../../src/oauth/master-secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

export const STUB_ISSUER = 'http://127.0.0.1:8080';

/** The application with actors that answer every message by this error. */
export function appWithout(error: Error): Express {
  const actor = { ask: () => Promise.reject(error), tell: () => undefined };
  const actors = new Proxy({}, { get: () => actor }) as Actors;
  return createApp({
    actors,
    issuer: STUB_ISSUER,
    version: '0.0.0',
    registration: { clientRegistration: 'open', registrationToken: undefined },
    trustedProxies: [],
    csrfKeys: deriveKeys([new Sensitive('a-master-secret-for-tests-only-0123456789')], 'csrf'),
    readiness: async () => ({ ready: false, checks: { actors: error.message } }),
    exposition: () => Promise.reject(new Error('there are no figures')),
    traced: false,
    requestObservers: [],
    sources: { now: () => new Date(), randomBytes, randomUuid: () => randomUUID() },
    logger: pino({ level: 'silent' }),
  });
}

/** Serves an application on a free port for as long as `use` takes. */
export async function whileServing<Result>(
  app: Express,
  use: (base: string) => Promise<Result>,
): Promise<Result> {
  const server = createHttpServer(app, 10_000);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  try {
    return await use(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}
