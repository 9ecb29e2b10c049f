import type { Express } from 'express';
import { createServer, IncomingMessage, ServerResponse, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { FrontDoor } from './front-door.ts';

const KEEP_ALIVE_MS = 65_000;
const IDLE_CHECK_MS = 50;
const SILENT_GRACE_MS = 1000;
const READING_TURNS = 3;

/**
 * An HTTP server whose requests and responses are born with Express's prototypes. Express sets them on each request
 * otherwise, and changing an object's prototype costs more than all the rest it does: this makes that call change nothing.
 * Without a `door` everybody is let in.
 */
export function createHttpServer(app: Express, timeoutMs: number, door?: FrontDoor): Server {
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
  const sockets = new Set<Socket>();
  openSockets.set(server, sockets);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Longer than proxies keep an idle connection, so that it is never us who close it under a request.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A connection on which nothing moves is closed: the backstop behind the actors' deadlines.
  server.setTimeout(timeoutMs * 2);
  return server;
}

/** Node closes a connection that was used and lies idle, but leaves one that has not said a word yet; browsers open such ahead of need. */
const openSockets = new WeakMap<Server, ReadonlySet<Socket>>();

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
 * Takes no new connections, lets requests under way finish within `timeoutMs`, then closes what is left. A connection that
 * still brings a request is answered and told to close.
 */
export async function closeServer(server: Server, timeoutMs: number): Promise<void> {
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('connection', 'close');
  });
  const door = doors.get(server);
  if (door) {
    door.wakeAll();
    // What was sent on them is read in the next turn; closing would take them for idle before that.
    for (let turn = 0; turn < READING_TURNS; turn += 1) await setImmediate();
  }
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const silentUntilMs = performance.now() + SILENT_GRACE_MS;
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // Not at once: the request of a connection that was made just before may still be on its way.
    if (performance.now() < silentUntilMs) return;
    for (const socket of openSockets.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  }, IDLE_CHECK_MS);
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
