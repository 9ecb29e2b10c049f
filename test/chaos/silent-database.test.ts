import { expect, test } from '@jest/globals';
import { registerClient } from '../support/client.ts';
import { migratedDatabase, startServer } from '../support/server.ts';
import { expectUnavailable, send } from './load.ts';
import { postForm } from './requests.ts';
import { linkTo } from './slow-link.ts';
import { eventually } from '../support/eventually.ts';

const ASK_TIMEOUT_MS = 4_000;

test('a database that falls silent without closing a connection costs 503s before the deadline, until it speaks again', async () => {
  const database = await migratedDatabase();
  const link = await linkTo(database.url);
  const server = await startServer({
    env: {
      OAUTH2_DATABASE_URL: link.url,
      OAUTH2_SECRET: 'a-master-secret-for-tests-only-0123456789',
      OAUTH2_STATEMENT_TIMEOUT_MS: '500',
      OAUTH2_ASK_TIMEOUT_MS: String(ASK_TIMEOUT_MS),
      OAUTH2_DATABASE_POOL_SIZE: '3',
    },
  });
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  const issue = () =>
    send('token', () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client));
  try {
    expect((await issue()).status).toBe(200);
    link.freeze();
    // More than the pool has connections: each is given up, and new ones are tried in vain.
    for (const answers of [await Promise.all(Array.from({ length: 8 }, issue)), [await issue()]]) {
      for (const answer of answers) {
        expectUnavailable(answer);
        expect(answer.durationMs).toBeLessThan(ASK_TIMEOUT_MS);
      }
    }
    expect((await fetch(`${server.issuer}/health`)).status).toBe(200);
    link.thaw();
    await eventually(async () => (await issue()).status === 200);
    expect(server.output()).not.toMatch(/crashed|unexpected/);
  } finally {
    await server.stop();
    link.close();
    await database.drop();
  }
});
