import type { Express } from 'express';
import { createServer, IncomingMessage, ServerResponse, type RequestListener, type Server } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { answerUnderWay, ConnectionRoom } from './connection-room.ts';
import type { FrontDoor } from './front-door.ts';

const KEEP_ALIVE_MS = 65_000;
const IDLE_CHECK_MS = 50;
const SILENT_GRACE_MS = 1000;
const QUIET_MS = 200;

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
      IncomingMessage: bornWith(IncomingMessage, app.request),
      ServerResponse: bornWith(ServerResponse, app.response),
      requestTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(timeoutMs, 30_000),
    },
    door ? door.before(listener) : listener,
  );
  if (door) doors.set(server, door);
  const room = new ConnectionRoom(connections);
  rooms.set(server, room);
  server.on('connection', (socket) => {
    room.add(socket);
  });
  // Longer than proxies keep an idle connection, so that it is never us who close it under a request.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A connection on which nothing moves is closed: the backstop behind the actors' deadlines.
  server.setTimeout(timeoutMs * 2);
  return server;
}

/** Of each server, for its end. */
const rooms = new WeakMap<Server, ConnectionRoom>();

const doors = new WeakMap<Server, FrontDoor>();

/** A constructor that makes what `base` makes, with another prototype. */
function bornWith<C extends typeof IncomingMessage | typeof ServerResponse>(base: C, prototype: object): C {
  function Born(this: object, ...args: unknown[]): void {
    // Node's HTTP classes are functions of the old style, so they can be called on an object that exists already.
    (base as unknown as (...args: unknown[]) => void).apply(this, args);
  }
  Born.prototype = prototype;
  return Born as unknown as C;
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
 * to close with the next answer on it, and one on which nothing comes for `quietMs` is closed: whoever is about to send a
 * request on it would lose that.
 */
export async function closeServer(server: Server, timeoutMs: number, quietMs = QUIET_MS): Promise<void> {
  const sockets = () => rooms.get(server)?.all() ?? [];
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('connection', 'close');
  });
  doors.get(server)?.wakeAll();
  for (const socket of sockets()) {
    const answer = answerUnderWay(socket);
    if (answer && !answer.headersSent) answer.setHeader('connection', 'close');
  }
  const closed = new Promise<void>((resolve) => {
    // Not http's close, which would close at once every connection that happens to be between two requests.
    NetServer.prototype.close.call(server, () => {
      resolve();
    });
  });
  const closeQuiet = quietCloser(sockets, quietMs);
  // After the sockets were read: what has arrived by now counts.
  const check = setInterval(() => setImmediate(closeQuiet), IDLE_CHECK_MS);
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(check);
  clearTimeout(timer);
  server.close(); // ends http's own timer
}

/** Closes, each time it is called, the connections that wait for nothing and said nothing for a while; one that has never said a word gets longer. */
function quietCloser(sockets: () => Iterable<Socket>, quietMs: number): () => void {
  const seen = new Map<Socket, { readonly bytes: number; readonly sinceMs: number }>();
  const look = () => {
    const nowMs = performance.now();
    for (const socket of sockets()) {
      const bytes = socket.bytesRead;
      const before = seen.get(socket);
      if (answerUnderWay(socket)) seen.delete(socket);
      else if (before?.bytes !== bytes) seen.set(socket, { bytes, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= (bytes === 0 ? SILENT_GRACE_MS : quietMs)) socket.destroy();
    }
  };
  look();
  return look;
}
