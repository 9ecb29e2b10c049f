import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which anything may be sent. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that came on it. */
  readonly received: () => string;
}

/** Opens one to this machine; that it breaks is no error. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received: () => text };
}
