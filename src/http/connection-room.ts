import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** With each that comes, no more than these are looked at: a flood of them must not cost their number squared. */
const LOOKS = 32;

/**
 * The connections of a server, and room for no more than so many. Each takes memory and one of the files that the process may
 * open, and the database, the pages and the log need files as well. When all are taken, a new one gets the place of one that
 * nothing is being done for: one that lies idle, is slow to send its request, or has not taken its answer. Who comes with a
 * request is served, however many others do nothing but hold on to theirs.
 */
export class ConnectionRoom {
  readonly #limit: number;
  readonly #isWaiting: (socket: Socket) => boolean;
  /** In the order in which they are looked at, with what each had sent when it was looked at last. */
  readonly #sockets = new Map<Socket, number>();

  /** `isWaiting`: whether we are the ones who keep its next request waiting. */
  constructor(limit: number, isWaiting: (socket: Socket) => boolean) {
    this.#limit = limit;
    this.#isWaiting = isWaiting;
  }

  /** All that are open. */
  all(): Iterable<Socket> {
    return this.#sockets.keys();
  }

  add(socket: Socket): void {
    if (this.#sockets.size >= this.#limit && !this.#giveUpOne()) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, 0);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Closes one that is of no use; false if there is none among those that have waited longest. */
  #giveUpOne(): boolean {
    let looks = LOOKS;
    for (const [socket, bytesBefore] of this.#sockets) {
      if (looks === 0) return false;
      looks -= 1;
      this.#sockets.delete(socket);
      const isOfUse = isBeingServed(socket) || this.#isWaiting(socket) || socket.bytesRead > bytesBefore;
      if (!isOfUse) {
        socket.destroy();
        return true;
      }
      // It goes to the end of the queue; if it says no more until its turn comes again, it is closed then.
      this.#sockets.set(socket, socket.bytesRead);
    }
    return false;
  }
}

/** Has a server take no more than so many connections. */
export function boundConnections(
  server: Server,
  limit: number,
  isWaiting: (socket: Socket) => boolean = () => false,
): ConnectionRoom {
  const room = new ConnectionRoom(limit, isWaiting);
  server.on('connection', (socket: Socket) => {
    room.add(socket);
  });
  return room;
}

/** Whether the whole request is here, and the whole answer is not given. */
function isBeingServed(socket: Socket): boolean {
  const answer = answerUnderWay(socket);
  return answer !== undefined && !answer.writableEnded && answer.req.complete;
}

/** The answer that a connection waits for. Node keeps it under this name since its first versions, and offers no other way to it. */
export function answerUnderWay(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
