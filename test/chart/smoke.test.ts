import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { registerClient, type TestClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';

const SMOKE = readFileSync('helm/stagedoor/files/smoke.mjs', 'utf8');

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
});
afterAll(() => server.stop());

/** Runs what the pod of `helm test` runs; resolves to its exit code and all that it printed. */
function smoke(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const args = ['--input-type=module', '--eval', SMOKE];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { SERVER: server.issuer, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

test('the chart’s test asks for metadata and keys, and for a token where it has a client', async () => {
  const ready = `ready as ${server.issuer}, with 2 keys\n`;
  expect(await smoke({ ISSUER: server.issuer })).toEqual({ code: 0, output: ready });
  const { client_id: CLIENT_ID, client_secret: CLIENT_SECRET = '' } = client;
  const result = await smoke({ ISSUER: server.issuer, CLIENT_ID, CLIENT_SECRET });
  expect(result).toEqual({ code: 0, output: `${ready}the client got a token\n` });
});

test('it fails on another issuer, and on a client that is refused', async () => {
  const other = await smoke({ ISSUER: 'https://login.example.com' });
  expect(other.code).toBe(1);
  expect(other.output).toContain(`the issuer is ${server.issuer}, not https://login.example.com`);
  const refused = await smoke({ ISSUER: server.issuer, CLIENT_ID: client.client_id, CLIENT_SECRET: 'wrong' });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('/oauth/token answered 401');
});
