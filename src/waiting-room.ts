import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { describeMissing, SchemaMismatch } from './database/schema.ts';
import type { Ending } from './ending.ts';
import { boundConnections } from './http/connection-room.ts';
import { listenAt } from './listen-at.ts';
import { createServer } from './node-http.ts';
import { mostConnections } from './open-files.ts';

/** How often the schema is looked at while somebody else migrates it. */
const LOOK_AGAIN_MS = 500;

/**
 * Resolves to what `open` opens. Where the schema lacks migrations, it is tried again until somebody has applied them; meanwhile the
 * process lives but is not ready, and says why at its port if it is to answer. Resolves to undefined if it is told to end first.
 */
export async function onceMigrated<Opened>(
  open: () => Promise<Opened>,
  config: Config,
  logger: Logger,
  ending: Ending,
  answers: boolean,
): Promise<Opened | undefined> {
  let room: Server | undefined;
  let isTold = false;
  try {
    for (;;) {
      const opened = await open().catch((error: unknown) => {
        if (error instanceof SchemaMismatch && error.state.kind === 'behind') return error.state;
        throw error;
      });
      if (!isBehind(opened)) {
        if (isTold) logger.info('the schema is there');
        return opened;
      }
      if (!isTold) {
        isTold = true;
        logger.warn(
          { missing: opened.missing },
          `${describeMissing(opened.missing)}. This server waits, not ready, until "stagedoor migrate" has applied them`,
        );
        if (answers) room = await openRoom(config, opened.missing);
      }
      await Promise.race([sleep(LOOK_AGAIN_MS, undefined, { ref: false }), ending.wait()]);
      if (ending.isNear) return undefined;
    }
  } finally {
    if (room) await close(room);
  }
}

interface Behind {
  readonly kind: 'behind';
  readonly missing: readonly string[];
}

function isBehind(opened: unknown): opened is Behind {
  return (opened as Partial<Behind>).kind === 'behind';
}

/** The same port, and the same answers to probes as those of a server that starts. */
async function openRoom(
  { serverHost, serverPort, connectionLimit }: Config,
  missing: readonly string[],
): Promise<Server> {
  const reason = `waiting for ${missing.length} migration(s), the first of them ${missing[0]}: run "stagedoor migrate"`;
  const answers: Readonly<Record<string, readonly [number, object]>> = {
    '/health': [200, { status: 'ok' }],
    '/ready': [503, { status: 'not ready', checks: { process: reason } }],
  };
  const unavailable = { error: 'temporarily_unavailable', error_description: 'The server is starting' };
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const [status, body] = answers[path] ?? [503, unavailable];
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      // The connection would outlive this server.
      connection: 'close',
      ...(status === 503 && { 'retry-after': '1' }),
    };
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  boundConnections(server, mostConnections(connectionLimit));
  await listenAt(server, serverHost, serverPort, 'OAUTH2_SERVER_PORT');
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await Promise.race([closed, sleep(LOOK_AGAIN_MS, undefined, { ref: false })]);
  server.closeAllConnections();
  await closed;
}
