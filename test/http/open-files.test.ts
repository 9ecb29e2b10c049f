import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { registerClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';

const OPEN_FILES = 400;
/** All but those that are kept for everything else. */
const CONNECTIONS = OPEN_FILES - 256;

let server: TestServer;
const open: Socket[] = [];

beforeAll(async () => {
  server = await startServer({ openFiles: OPEN_FILES });
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await server.stop();
});

test('a process that may open few files says how many connections that leaves it', async () => {
  const line = await eventually(() => /.*may open too few files.*/.exec(server.output('stdout'))?.[0]);
  expect(JSON.parse(line!)).toMatchObject({ level: 40, connections: CONNECTIONS });
});

test('however many connect, there are files left for the database, and for pages that nobody has opened yet', async () => {
  for (let count = 0; count < 2 * OPEN_FILES; count += 1) {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    open.push(socket);
    await once(socket, 'connect');
  }
  for (const path of ['/auth/login', '/swagger-ui/swagger-ui.css', '/api-docs/openapi.json']) {
    expect([path, (await fetch(server.issuer + path)).status]).toEqual([path, 200]);
  }
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  expect(client.client_id).toBeTruthy();
  await eventually(() => open.filter(({ destroyed }) => !destroyed).length <= CONNECTIONS);
});
