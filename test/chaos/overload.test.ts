import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { registerClient, type TestClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { expectUnavailable, holdLock, send, waitingStatements, type Answer } from './load.ts';
import { postForm } from './requests.ts';
import { eventually } from '../support/eventually.ts';

const MAILBOX_LIMIT = 5;
const CALLERS = 40;

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer({
    env: {
      OAUTH2_MAILBOX_LIMIT: String(MAILBOX_LIMIT),
      OAUTH2_ACTOR_CONCURRENCY: '1',
      OAUTH2_STATEMENT_TIMEOUT_MS: '20000',
      OAUTH2_ASK_TIMEOUT_MS: '25000',
      OAUTH2_HTTP_TIMEOUT_MS: '30000',
      OAUTH2_SHUTDOWN_TIMEOUT_MS: '40000',
    },
  });
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
});
afterAll(() => server.stop());

function issue(): Promise<Answer> {
  return send('token', () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client));
}

test('beyond what the mailbox holds, callers are told at once to come back, and those who wait are served', async () => {
  const url = server.env.OAUTH2_DATABASE_URL!;
  expect((await issue()).status).toBe(200);
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const answered: Answer[] = [];
  const ask = async () => {
    const answer = await issue();
    answered.push(answer);
  };
  const callers = [ask()];
  await eventually(async () => (await waitingStatements(url)) > 0);
  callers.push(...Array.from({ length: CALLERS }, ask));
  // One is being served and as many wait as the mailbox holds; the database answers none of them yet.
  await eventually(async () => answered.length >= CALLERS - MAILBOX_LIMIT);
  expect(await waitingStatements(url)).toBe(1);
  const refused = [...answered];
  refused.forEach(expectUnavailable);
  expect((await fetch(`${server.issuer}/health`)).status).toBe(200);

  await held.release();
  await Promise.all(callers);
  const late = answered.slice(refused.length);
  expect(late.map(({ status }) => status)).toContain(200);
  expect(answered.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1 + MAILBOX_LIMIT);
  for (const answer of answered) if (answer.status !== 200) expectUnavailable(answer);

  for (let caller = 0; caller < 10; caller += 1) expect((await issue()).status).toBe(200);
  expect(server.output()).toContain('"reason":"rejected"');
  expect(server.output()).not.toMatch(/crashed|unexpected/);
});
