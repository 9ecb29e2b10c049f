import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort, runCli, startServer, type TestServer } from '../support/server.ts';
import { succeed } from './commands.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test('a server that is ready is healthy, also when it listens on all addresses', async () => {
  expect(JSON.parse(await succeed(['health'], server.env))).toMatchObject({
    status: 'ready',
    checks: { database: 'ok' },
  });
  const everywhere = { ...server.env, OAUTH2_SERVER_HOST: '0.0.0.0', OAUTH2_ISSUER: server.issuer };
  expect(JSON.parse(await succeed(['health'], everywhere))).toMatchObject({ status: 'ready' });
});

test('where no server listens, health fails and says where it looked', async () => {
  const port = await freePort();
  const result = await runCli(['health'], { ...server.env, OAUTH2_SERVER_PORT: String(port) });
  expect(result).toEqual({
    code: 1,
    stdout: `no answer from http://127.0.0.1:${port} (ECONNREFUSED)\n`,
    stderr: '',
  });
});
