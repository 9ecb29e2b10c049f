import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What waits for the end of a connection, by connection: one listener, however many requests are queued on it. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back once when a request is over, however it ends. An answer that is queued behind another on its connection
 * (pipelining, RFC 9112 §9.3.2) never closes if the connection goes first, so then the connection's own end counts.
 */
export function onceOver(request: IncomingMessage, response: ServerResponse, callback: () => void): void {
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    callback();
  };
  // `on`, for `once` makes and takes away a listener more with each request, and what is over stays over.
  response.on('close', end);
  if (response.socket !== null) return;
  const ends = endsOf(request.socket);
  ends.add(end);
  response.on('close', () => ends.delete(end));
}

function endsOf(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known) return known;
  const ends = new Set<() => void>();
  waiting.set(socket, ends);
  socket.once('close', () => {
    for (const end of ends) end();
  });
  return ends;
}
