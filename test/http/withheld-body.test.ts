import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { FrontDoor } from '../../src/http/front-door.ts';
import { eventually } from '../support/eventually.ts';

const LIMIT = 3;
const CALLERS = 12;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Callers who announce a body of one byte and keep it, each with a connection of its own. */
async function withholding(
  listener: Listener,
  use: (door: FrontDoor, callers: readonly Socket[], shed: () => number) => Promise<void>,
) {
  let shed = 0;
  const door = new FrontDoor({
    limits: { requests: LIMIT, waitMs: 1000 },
    readiness: () => Promise.resolve({ ready: true, checks: {} }),
    onShed: () => {
      shed += 1;
    },
  });
  const server = createServer(door.before(listener));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const callers: Socket[] = [];
  for (let count = 0; count < CALLERS; count += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.resume().write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n');
    callers.push(socket);
  }
  try {
    await use(door, callers, () => shed);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a request that is worked on counts, though its caller withholds what nobody reads', async () => {
  const atWork: ServerResponse[] = [];
  await withholding(
    (_request, response) => atWork.push(response),
    async (door, _callers, shed) => {
      await eventually(() => shed() === CALLERS - LIMIT);
      expect(door.stats.inProgress).toBe(LIMIT);
      expect(atWork).toHaveLength(LIMIT);
      for (const response of atWork) response.end();
      await eventually(() => door.stats.inProgress === 0);
    },
  );
});

test('one whose body is waited for does not, until it has come', async () => {
  let come = 0;
  await withholding(
    (request) => {
      come += 1;
      setImmediate(() => request.resume());
    },
    async (door, callers) => {
      await eventually(() => come > LIMIT && door.stats.inProgress === 0);
      for (const caller of callers) caller.write('x');
      await eventually(() => door.stats.inProgress === come);
    },
  );
});
