import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { holdLock, waitingStatements } from '../chaos/load.ts';
import { registerClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, migratedDatabase, runCli, type TestServer } from '../support/server.ts';
import { countLines, isAlive, linesOf, metric, pidOf, send, startWorkers, type Line } from './workers.ts';

let server: TestServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

test('on the embedded database more than one worker is a problem of the configuration, beside all others', async () => {
  const { code, stderr } = await runCli(['serve'], { OAUTH2_WORKERS: '2', OAUTH2_SERVER_PORT: '99999' });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'stagedoor: The configuration is not usable:\n' +
      '  - OAUTH2_SERVER_PORT must be a whole number from 1 to 65535\n' +
      '  - OAUTH2_WORKERS must be 1 or auto on the embedded database, which only one process can open; set OAUTH2_DATABASE_URL to have more\n',
  });
});

test('on the embedded database auto means one, and that is said', async () => {
  // A folder that cannot be opened ends what would take seconds.
  const env = { OAUTH2_WORKERS: 'auto', OAUTH2_DATA_DIR: resolve('package.json') };
  const { code, stdout } = await runCli(['serve'], env);
  expect(code).toBe(1);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as Line).msg)).toEqual([
    'OAUTH2_WORKERS=auto means one worker here: only one process can open the embedded database',
  ]);
});

test('what keeps the first worker from starting is said once, and ends the process', async () => {
  const rival = createServer().listen(0, '127.0.0.1');
  await once(rival, 'listening');
  const { port } = rival.address() as AddressInfo;
  const database = await migratedDatabase();
  const { code, stdout, stderr } = await runCli(['serve'], {
    OAUTH2_WORKERS: '2',
    OAUTH2_DATABASE_URL: database.url,
    OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
    OAUTH2_SERVER_PORT: String(port),
  });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `stagedoor: Cannot listen on 127.0.0.1 port ${port}: another process uses the port; stop it or set OAUTH2_SERVER_PORT\n`,
  });
  expect(stdout).not.toContain('a worker died');
  rival.close();
  await database.drop();
});

test('a worker that cannot start is tried later and later, then all end; until then the old ones serve', async () => {
  server = await startWorkers(2, { OAUTH2_RESTART_LIMIT: '2' });
  const before = [pidOf(server, 1), pidOf(server, 2)];
  await forbidStarts(server.env.OAUTH2_DATABASE_URL!);

  server.kill('SIGHUP');
  await eventually(() =>
    linesOf(server!).some(({ msg }) => msg.startsWith('another worker did not become ready')),
  );
  expect(before.map(isAlive)).toEqual([true, true]);
  expect((await send(`${server.issuer}/.well-known/jwks.json`)).status).toBe(200);

  const exit = server.exited;
  process.kill(before[1]!, 'SIGKILL');
  expect(await exit).toBe(1);
  const deaths = linesOf(server).filter(
    ({ ofWorker, msg }) => ofWorker === 2 && msg.startsWith('a worker died'),
  );
  expect(deaths.map(({ delayMs }) => delayMs)).toEqual([100, 200, undefined]);
  expect(deaths.at(-1)?.msg).toBe('a worker died too often; the process ends so that it can be replaced');
  expect(isAlive(before[0]!)).toBe(false);
}, 60_000);

test('a worker that dies with a connection on its way to it is replaced as well', async () => {
  server = await startWorkers(2);
  const victim = pidOf(server, 2);
  process.kill(victim, 'SIGSTOP');
  // What is handed to it now, it does not take.
  while (await isAnswered(`${server.issuer}/.well-known/jwks.json`));
  process.kill(victim, 'SIGKILL');
  await eventually(() => countLines(server!, 'a worker died and is replaced') === 1);
  await eventually(() => countLines(server!, 'worker started') === 3);
  expect(pidOf(server, 2)).not.toBe(victim);
  await eventually(
    async () => (await metric(server!.issuer, 'oauth2_server_workers', ['state="ready"'])) === 2,
  );
  expect(await server.terminate()).toBe(0);
});

test('workers whose primary is gone finish what they are about, and end', async () => {
  server = await startWorkers(2);
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  const form = {
    grant_type: 'client_credentials',
    client_id: client.client_id,
    client_secret: client.client_secret!,
  };
  const url = server.env.OAUTH2_DATABASE_URL!;
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const answer = send(`${server.issuer}/oauth/token`, form);
  await eventually(async () => (await waitingStatements(url)) > 0);
  const pids = [pidOf(server, 1), pidOf(server, 2)];
  server.kill('SIGKILL');
  await eventually(() => countLines(server!, 'draining') === 2);
  await held.release();
  expect((await answer).status).toBe(200);
  await eventually(() => !pids.some(isAlive));
  expect(countLines(server, 'stopped')).toBe(2);
});

test('a port for the metrics is the primary’s, which shows the figures of all', async () => {
  const port = await freePort();
  server = await startWorkers(2, { OAUTH2_METRICS_PORT: String(port) });
  const base = `http://127.0.0.1:${port}`;
  expect(await metric(base, 'oauth2_server_workers', ['state="ready"'])).toBe(2);
  expect(await metric(base, 'oauth2_server_db_pool_limit')).toBe(20);
  expect((await send(`${server.issuer}/metrics`)).status).toBe(404);
  expect((await send(`${base}/oauth/token`)).status).toBe(404);
});

const NO_ANSWER_MS = 2000;

/** Asks on a connection of its own. */
function isAnswered(url: string): Promise<boolean> {
  return fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(NO_ANSWER_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** From now on no process can start on this database: it looks as if a newer version had migrated it. */
async function forbidStarts(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "insert into schema_migrations (name, batch, migration_time) values ('9999_from_the_future', 9, now())",
  );
  await client.end();
}
