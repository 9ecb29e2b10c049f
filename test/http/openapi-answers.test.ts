import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { succeed, valueOf } from '../cli/commands.ts';
import { REDIRECT_URI, type TestClient } from '../support/client.ts';
import { DocumentedServer } from '../support/documented.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';
import { exerciseAccount } from './exercise-account.ts';
import {
  AdminCaller,
  exerciseClients,
  exerciseRefusals,
  exerciseTokens,
  exerciseUsers,
  exerciseWatching,
} from './exercise-admin.ts';
import { credentials, exerciseOauth, expectAnswer, registered } from './exercise-oauth.ts';
import { exercisePages, PETER } from './exercise-pages.ts';

let server: TestServer;
let closed: TestServer;
let guarded: TestServer;
let api: DocumentedServer;

beforeAll(async () => {
  const start = (env: Record<string, string>) => startServer({ env });
  [server, closed, guarded] = await Promise.all([
    start({ OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT: '2' }),
    start({ OAUTH2_CLIENT_REGISTRATION: 'disabled' }),
    start({ OAUTH2_CLIENT_REGISTRATION: 'protected' }),
  ]);
  api = await DocumentedServer.of(server.issuer);
});
afterAll(() => Promise.all([server, closed, guarded].map((each) => each.stop())));

async function callerFor(client: TestClient): Promise<AdminCaller> {
  const form = { grant_type: 'client_credentials', ...credentials(client) };
  const { access_token } = await expectAnswer(200, api.ask('POST', '/oauth/token', { form }));
  return new AdminCaller(api, access_token);
}

async function admin(): Promise<AdminCaller> {
  const printed = await succeed(
    ['clients', 'add', 'Admin', '--scope', 'admin', '--grant-type', 'client_credentials'],
    server.env,
  );
  const [client_id, client_secret] = [valueOf('client_id', printed), valueOf('client_secret', printed)];
  return callerFor({ client_id, client_secret, redirect_uris: [REDIRECT_URI], scope: 'admin' });
}

// One after the other, for each may build on what was made before, and the last looks at them all.
test('programs are answered as documented', async () => {
  await exerciseOauth(api, { disabled: closed.issuer, protected: guarded.issuer });
});

test('people are answered as documented', async () => {
  await runCli(['users', 'add', PETER.username, '--password-stdin'], server.env, `${PETER.password}\n`);
  await exercisePages(api);
});

test('admins are answered as documented', async () => {
  const [caller, client] = await Promise.all([admin(), registered(api)]);
  await exerciseRefusals(caller, await callerFor(client));
  await exerciseClients(caller);
  await exerciseUsers(caller);
  await exerciseAccount(caller);
  await exerciseTokens(caller, client);
  await exerciseWatching(caller);
});

test('nothing is documented that no answer has shown to be so', () => {
  // Faults are brought about in openapi-faults.test.ts.
  const unseen = api.unseen().filter((answer) => !/ 50[03]$/.test(answer));
  expect(unseen).toEqual([]);
});
