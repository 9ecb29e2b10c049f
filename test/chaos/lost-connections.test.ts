import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query } from '../attacks/database.ts';
import { authorizationUrl, obtainTokens, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';
import { expectUnavailable, Load, type Answer } from './load.ts';
import { dailyTraffic, postForm } from './requests.ts';
import { eventually } from '../support/eventually.ts';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, {
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
});
afterAll(() => server.stop());

const served = ({ status }: Answer) => status === 200 || status === 303;

function connections(name: string): Promise<{ pid: number }[]> {
  return query(
    server,
    'select pid from pg_stat_activity where datname = current_database() and application_name = $1',
    [name],
  );
}

/** Resolves when they have ended, not only been told to. */
function endAllConnections(): Promise<{ ended: boolean }[]> {
  return query(
    server,
    `select pg_terminate_backend(pid, 10000) as ended from pg_stat_activity
     where datname = current_database() and application_name like 'stagedoor%'`,
  );
}

test('connections that are ended under load cost at most 503s, and new ones take their place', async () => {
  const { issuer } = server;
  const person = new Person(issuer);
  const { url } = authorizationUrl(issuer, client);
  await person.authorize(url);
  const { access_token } = await obtainTokens(issuer, client);
  const load = new Load(dailyTraffic(server, client, access_token, person, url), 4);
  try {
    await load.untilEach(served);
    for (let round = 0; round < 5; round += 1) {
      expect((await endAllConnections()).length).toBeGreaterThan(0);
      await load.untilEach(served);
    }
  } finally {
    await load.stop();
  }
  const { answers } = load;
  answers.filter((answer) => !served(answer)).forEach(expectUnavailable);
  expect(server.output()).not.toMatch(/crashed|unexpected/);
});

test('the server hears of changes again after the connection that tells it was lost', async () => {
  const token = async () =>
    (await postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client)).status;
  expect(await token()).toBe(200);
  const [before] = await connections('stagedoor listener');
  await endAllConnections();
  await eventually(async () => {
    const [now] = await connections('stagedoor listener');
    return now !== undefined && now.pid !== before?.pid;
  });
  await eventually(async () => (await token()) === 200);
  const { code, stderr } = await runCli(['clients', 'disable', client.client_id], server.env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await eventually(async () => (await token()) === 401);
});
