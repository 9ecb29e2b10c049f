import type { Express } from 'express';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createServer, IncomingMessage, ServerResponse } from '../node-http.ts';
import { answerUnderWay, boundConnections, type ConnectionRoom } from './connection-room.ts';
import type { FrontDoor } from './front-door.ts';

const KEEP_ALIVE_MS = 65_000;
const IDLE_CHECK_MS = 50;
const SILENT_GRACE_MS = 1000;
const QUIET_MS = 200;
const LONG_QUIET_MS = 2000;
const SHORT_TURN_MS = 0.2;
const LULL_PATIENCE_MS = 250;

/**
 * An HTTP server whose requests and responses are born with Express's prototypes. Express sets them on each request
 * otherwise, and changing an object's prototype costs more than all the rest it does: this makes that call change nothing.
 * Without a `door` everybody is let in. `connections`: how many there may be at once.
 */
export function createHttpServer(
  app: Express,
  timeoutMs: number,
  door?: FrontDoor,
  connections = Infinity,
): Server {
  const listener = app as unknown as RequestListener;
  const server = createServer(
    {
      ...bornWith(app),
      requestTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(timeoutMs, 30_000),
    },
    door ? door.before(listener) : listener,
  );
  if (door) doors.set(server, door);
  rooms.set(server, boundConnections(server, connections, door && ((socket) => door.isWaiting(socket))));
  // Longer than proxies keep an idle connection, so that it is never us who close it under a request.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A connection on which nothing moves is closed: the backstop behind the actors' deadlines.
  server.setTimeout(timeoutMs * 2);
  return server;
}

/** Of each server, for its end. */
const rooms = new WeakMap<Server, ConnectionRoom>();

const doors = new WeakMap<Server, FrontDoor>();

/**
 * Classes between what Node makes and the application's prototypes. Derived ones, so that V8 makes room in the objects for all
 * that Node's own constructors put there: with a plain function whose prototype is swapped each of them costs 2 µs more.
 */
function bornWith(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class Incoming extends IncomingMessage {}
  class Outgoing extends ServerResponse {
    /** Express makes one without a prototype otherwise, which V8 keeps as a dictionary. */
    readonly locals: Record<string, unknown> = {};
  }
  Object.setPrototypeOf(Incoming.prototype, app.request);
  Object.setPrototypeOf(Outgoing.prototype, app.response);
  app.request = Incoming.prototype as Express['request'];
  app.response = Outgoing.prototype as unknown as Express['response'];
  // Node passes on whatever request it made; the types would have it generic.
  return { IncomingMessage: Incoming, ServerResponse: Outgoing as typeof ServerResponse };
}

/** Starts to listen; resolves to the port. Rejects if the address is taken. */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Takes no new connections, lets requests under way finish within `timeoutMs`, then closes what is left. A connection is told
 * to close with the next answer on it. One on which nothing comes is closed once no request has come on any for `quietMs`, or
 * nothing on this one for `longQuietMs`: whoever is about to send a request on it would lose that, and a proxy that still sends
 * us requests may take any of those that it keeps.
 */
export async function closeServer(
  server: Server,
  timeoutMs: number,
  quietMs = QUIET_MS,
  longQuietMs = Math.max(quietMs, LONG_QUIET_MS),
): Promise<void> {
  const sockets = () => rooms.get(server)?.all() ?? [];
  let lastRequestAtMs = performance.now();
  server.prependListener('request', (_request, response: ServerResponse) => {
    lastRequestAtMs = performance.now();
    response.setHeader('connection', 'close');
  });
  doors.get(server)?.close();
  for (const socket of sockets()) {
    const answer = answerUnderWay(socket);
    if (answer && !answer.headersSent) answer.setHeader('connection', 'close');
  }
  await lull(server);
  const closed = new Promise<true>((resolve) => {
    // Not http's close, which would close at once every connection that happens to be between two requests.
    NetServer.prototype.close.call(server, () => {
      resolve(true);
    });
  });
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, timeoutMs);
  const closeQuiet = quietCloser(sockets, (socket) => doors.get(server)?.isWaiting(socket) ?? false);
  while (!(await Promise.race([closed, sleep(IDLE_CHECK_MS)]))) {
    await lull(server);
    closeQuiet(performance.now() - lastRequestAtMs >= quietMs ? quietMs : longQuietMs);
  }
  clearTimeout(timer);
  server.close(); // ends http's own timer
}

/**
 * Waits for a turn of the event loop with next to nothing to do. A turn begins with what has come from the network: what comes
 * between that and the closing of a listener or a connection is lost, and its sender gets a reset.
 */
async function lull(server: Server): Promise<void> {
  let calls = 0;
  const onCall = () => (calls += 1);
  server.on('connection', onCall);
  const startedAtMs = performance.now();
  let nowMs = startedAtMs;
  let isBusy = true;
  while (isBusy && nowMs - startedAtMs < LULL_PATIENCE_MS) {
    const [callsBefore, beforeMs] = [calls, nowMs];
    await turn();
    nowMs = performance.now();
    isBusy = calls > callsBefore || nowMs - beforeMs > SHORT_TURN_MS;
  }
  server.off('connection', onCall);
}

/**
 * Closes, each time it is called, the connections that wait for nothing and said nothing for so long; one that has never said a
 * word gets longer.
 */
function quietCloser(
  sockets: () => Iterable<Socket>,
  isWaiting: (socket: Socket) => boolean,
): (quietMs: number) => void {
  const seen = new Map<Socket, { readonly bytes: number; readonly sinceMs: number }>();
  const look = (quietMs: number) => {
    const nowMs = performance.now();
    for (const socket of sockets()) {
      const bytes = socket.bytesRead;
      const before = seen.get(socket);
      if (answerUnderWay(socket) || isWaiting(socket)) seen.delete(socket);
      else if (before?.bytes !== bytes) seen.set(socket, { bytes, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= (bytes === 0 ? SILENT_GRACE_MS : quietMs)) socket.destroy();
    }
  };
  look(Infinity);
  return look;
}
