import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { introspect, registerClient, type TestClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { holdLock, send, waitingStatements, type Answer } from './load.ts';
import { postForm } from './requests.ts';
import { eventually } from '../support/eventually.ts';

const UNDER_WAY = 20;

/** A server with requests under way that cannot be answered before `release`. */
async function busyServer(): Promise<{
  server: TestServer;
  client: TestClient;
  answers: Promise<readonly Answer[]>;
  release(): Promise<void>;
}> {
  // Limits so far away that nothing here can end because of them.
  const server = await startServer({
    env: {
      OAUTH2_STATEMENT_TIMEOUT_MS: '200000',
      OAUTH2_ASK_TIMEOUT_MS: '300000',
      OAUTH2_HTTP_TIMEOUT_MS: '400000',
      OAUTH2_SHUTDOWN_TIMEOUT_MS: '500000',
    },
  });
  const client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  const url = server.env.OAUTH2_DATABASE_URL!;
  const issue = () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client);
  expect((await issue()).status).toBe(200);
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const answers = Promise.all(Array.from({ length: UNDER_WAY }, () => send('token', issue)));
  await eventually(async () => (await waitingStatements(url)) > 0);
  // The first of them waits in the database; the others were sent before it and have time to arrive.
  await sleep(500);
  return { server, client, answers, release: () => held.release() };
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const refused = once(socket, 'error').then(
    ([error]) => (error as { code?: string }).code === 'ECONNREFUSED',
  );
  const answer = await Promise.race([refused, once(socket, 'connect').then(() => false)]);
  refused.catch(() => undefined);
  socket.destroy();
  return answer;
}

test('a SIGTERM under load lets requests under way finish, takes no new ones, and the exit code is 0', async () => {
  const { server, client, answers, release } = await busyServer();
  // A connection that never says anything must not hold the process up.
  const silent = connect(server.port, '127.0.0.1');
  await once(silent, 'connect');
  silent.on('error', () => undefined); // it may be closed with a reset
  const exit = server.terminate();
  await eventually(() => isRefused(server.port));
  await release();
  const finished = await answers;
  expect(finished.map(({ status }) => status)).toEqual(Array(UNDER_WAY).fill(200));
  expect(await exit).toBe(0);
  expect(server.output('stdout')).toMatch(/"msg":"draining"}\n(?:.*\n)*.*"msg":"stopped"}\n$/);

  const next = await startServer({ env: { ...server.env } });
  for (const { text } of finished) {
    const { access_token } = JSON.parse(text) as { access_token: string };
    expect((await introspect(next.issuer, client, access_token)).active).toBe(true);
  }
  await next.stop();
  await server.stop();
});

test('a second SIGTERM ends the process at once, whatever is under way', async () => {
  const { server, answers, release } = await busyServer();
  const exit = server.terminate();
  await eventually(() => isRefused(server.port));
  // A signal that comes twice at once is one, as when npm passes on what the terminal sent to all.
  server.kill('SIGTERM');
  await sleep(1100);
  server.kill('SIGTERM');
  expect(await exit).toBe(1);
  // It did not wait: what was under way still is.
  expect((await answers).map(({ status }) => status)).toEqual(Array(UNDER_WAY).fill(0));
  await release();
  await server.stop();
});

test.each(['1', '2'])(
  'after SIGTERM it serves on for the delay, while /ready says no (workers: %s)',
  async (workers) => {
    const server = await startServer({
      env: { OAUTH2_WORKERS: workers, OAUTH2_SHUTDOWN_DELAY_MS: '5000' },
    });
    const client = await registerClient(server.issuer, {
      grant_types: ['client_credentials'],
      scope: 'read',
    });
    const exit = server.terminate();
    const readiness = async () => {
      const answer = await fetch(`${server.issuer}/ready`);
      return { code: answer.status, report: (await answer.json()) as { checks: unknown } };
    };
    const refusal = await eventually(readiness, ({ code }) => code === 503);
    expect(refusal.report.checks).toEqual({ process: 'draining' });
    const fields = { grant_type: 'client_credentials' };
    // On a new connection, and one that is kept as ever: the drain has not begun.
    const answer = await send('token', () => postForm(server, '/oauth/token', fields, client));
    expect(answer.status).toBe(200);
    expect(server.output('stdout')).not.toContain('"msg":"draining"');
    expect(await exit).toBe(0);
    expect(server.output('stdout')).toContain('"msg":"draining"');
    await server.stop();
  },
);

test('whoever presses Ctrl-C does not wait for the delay', async () => {
  const server = await startServer({ env: { OAUTH2_SHUTDOWN_DELAY_MS: '600000' } });
  server.kill('SIGINT');
  expect(await server.exited).toBe(0);
  await server.stop();
});
