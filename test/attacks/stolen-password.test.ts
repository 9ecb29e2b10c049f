import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  introspect,
  obtainCode,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { Person } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';
import { addPerson } from './database.ts';

const NEW_PASSWORD = 'quite another password';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  client = await registerClient(server.issuer);
});

async function resetPassword(username: string): Promise<void> {
  const args = ['users', 'reset-password', username, '--password-stdin'];
  expect(await runCli(args, server.env, NEW_PASSWORD)).toMatchObject({ code: 0, stderr: '' });
}

test('a new password leaves the thief of the old one nothing: no session, no token, no code', async () => {
  await addPerson(server, 'victim');
  const credentials = { username: 'victim', password: ADMIN.password };
  const thief = new Person(server.issuer);
  await thief.logIn(await thief.open('/auth/login'), credentials);
  const first = await obtainCode(server.issuer, client, {}, thief);
  const { body: tokens } = await redeem(server.issuer, client, first);
  const second = await obtainCode(server.issuer, client, {}, thief);

  await resetPassword('victim');
  expect(await introspect(server.issuer, client, tokens.access_token)).toEqual({ active: false });
  expect((await refresh(server.issuer, client, tokens.refresh_token)).status).toBe(400);
  expect((await redeem(server.issuer, client, second)).status).toBe(400);
  expect((await thief.request('/account')).status).toBe(303);
  expect((await thief.logIn(await thief.open('/auth/login'), credentials)).status).toBe(401);

  const owner = new Person(server.issuer);
  await owner.logIn(await owner.open('/auth/login'), { ...credentials, password: NEW_PASSWORD });
  // Tokens count by whole seconds, and what was issued in that of the reset is revoked with the rest.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { body } = await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, owner));
  expect(await introspect(server.issuer, client, body.access_token)).toMatchObject({ active: true });
  expect((await refresh(server.issuer, client, body.refresh_token)).status).toBe(200);
});

test('a new password gives a disabled person nothing back', async () => {
  await addPerson(server, 'gone');
  expect(await runCli(['users', 'disable', 'gone'], server.env)).toMatchObject({ code: 0 });
  await resetPassword('gone');
  const person = new Person(server.issuer);
  const login = await person.open('/auth/login');
  expect((await person.logIn(login, { username: 'gone', password: NEW_PASSWORD })).status).toBe(401);
});
