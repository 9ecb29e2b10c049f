import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_CHANGES, ClientStore } from '../../src/actors/client/store.ts';
import { ClientDetailsStore } from '../../src/actors/client/store-details.ts';
import { ClientSecretStore } from '../../src/actors/client/store-secrets.ts';
import { listen } from '../../src/database/notifications.ts';
import { onPostgres } from '../support/backends.ts';
import { freePort } from '../support/server.ts';
import { NOW, newClient, newClientSecret } from './rows.ts';
import { eventually } from '../support/eventually.ts';

onPostgres((backend) => {
  let heard: string[];
  let gaps: number;
  let listener: { close(): Promise<void> } | undefined;

  beforeEach(() => {
    heard = [];
    gaps = 0;
    listener = undefined;
  });
  afterEach(() => listener?.close());

  const start = (url = backend.url) => {
    listener = listen({
      url,
      channels: { [CLIENT_CHANGES]: (payload) => heard.push(payload) },
      onGap: () => (gaps += 1),
    });
    return listener;
  };
  const listeners = async () =>
    (
      await backend.rows<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'stagedoor listener'`,
      )
    ).map(({ pid }) => pid);
  const addClient = async () => {
    const record = newClient();
    await backend.each((queries) => new ClientStore(queries))[0].insert(record);
    return record.client.clientId;
  };
  const stores = () => backend.each((queries) => new ClientDetailsStore(queries));

  test('a certificate file that is missing for a moment is a lost connection, not the end of the process', async () => {
    start(`${backend.url}?sslmode=verify-full&sslrootcert=/no/such/file`);
    await eventually(() => gaps === 1);
    await eventually(() => gaps === 2);
  });

  test('each change of a client on either replica is heard, by its id, in order', async () => {
    start();
    await eventually(() => gaps === 1);
    const [clients, others] = stores();
    const ids = [await addClient(), await addClient()];
    await clients.setDisabled(ids[0]!, NOW, NOW);
    await backend
      .each((queries) => new ClientSecretStore(queries))[1]
      .add(ids[1]!, newClientSecret(), NOW, NOW, 1000);
    await others.setDisabled(ids[0]!, null, NOW);
    await eventually(() => heard.length >= 3);
    expect(heard).toEqual([ids[0], ids[1], ids[0]]);
    expect(gaps).toBe(1);
  });

  test('a listener that loses its connection reports a gap, connects again, reports another and hears on', async () => {
    start();
    await eventually(() => gaps === 1);
    const [pid] = await listeners();
    await backend.rows('select pg_terminate_backend(?::int)', [pid]);
    await eventually(() => gaps === 2);
    const clientId = await addClient();
    // Nobody hears of this one, which is why there is a gap to report when somebody listens again.
    await stores()[0].setDisabled(clientId, NOW, NOW);
    await eventually(() => gaps === 3);
    expect(heard).toEqual([]);
    await stores()[1].setDisabled(clientId, null, NOW);
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([clientId]);
    expect(await listeners()).toHaveLength(1);
    expect(await listeners()).not.toContain(pid);
  });

  test('a listener that finds no server keeps trying until there is one', async () => {
    const port = await freePort();
    const url = new URL(backend.url);
    const target = { host: url.hostname, port: Number(url.port) };
    url.hostname = '127.0.0.1';
    url.port = String(port);
    start(url.href);
    await eventually(() => gaps > 0);
    expect(await listeners()).toEqual([]);
    const proxy = await forward(port, target);
    try {
      await eventually(async () => (await listeners()).length === 1);
      const clientId = await addClient();
      await eventually(async () => {
        await stores()[0].setDisabled(clientId, NOW, NOW);
        return heard.includes(clientId);
      });
    } finally {
      await listener!.close();
      proxy.close();
    }
  });

  test('a listener that was closed stays away', async () => {
    const closed = start();
    await eventually(() => gaps === 1);
    await closed.close();
    await eventually(async () => (await listeners()).length === 0);
    const soFar = gaps;
    await stores()[0].setDisabled(await addClient(), NOW, NOW);
    await sleep(1500); // longer than the pause before a listener connects again
    expect(await listeners()).toEqual([]);
    expect(heard).toEqual([]);
    expect(gaps).toBe(soFar);
  });
});

/** Passes connections on to another address. */
async function forward(port: number, target: { host: string; port: number }): Promise<Server> {
  const join = (from: Socket, to: Socket) => {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const server = createServer((socket) => {
    const upstream = connect(target);
    join(socket, upstream);
    join(upstream, socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect((server.address() as AddressInfo).port).toBe(port);
  return server;
}
