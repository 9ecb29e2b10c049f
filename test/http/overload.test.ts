import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { expectUnavailable, holdLock, send, waitingStatements, type Answer } from '../chaos/load.ts';
import { postForm } from '../chaos/requests.ts';
import { scrape } from '../metrics/scrape.ts';
import { registerClient, type TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openRaw } from './raw-connection.ts';

const LIMIT = 4;
const PREFIX = 'oauth2_server_http_';
const TOKEN_FORM = 'grant_type=client_credentials';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  // Limits so far away that nothing here can end because of them.
  server = await startServer({
    env: {
      OAUTH2_REQUEST_LIMIT: String(LIMIT),
      OAUTH2_STATEMENT_TIMEOUT_MS: '200000',
      OAUTH2_ASK_TIMEOUT_MS: '300000',
      OAUTH2_HTTP_TIMEOUT_MS: '400000',
      OAUTH2_SHUTDOWN_TIMEOUT_MS: '500000',
    },
  });
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'], scope: 'read' });
  expect((await issue()).status).toBe(200);
});
afterAll(() => server.stop());
afterEach(async () => {
  // Whatever was done to it, nothing is left of it, and the server serves.
  await untilForgotten();
  expect((await issue()).status).toBe(200);
});

function issue(): Promise<Answer> {
  return send('token', () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client));
}

async function figure(name: string): Promise<number> {
  return (await scrape(server.issuer)).get(PREFIX + name)!;
}

async function untilInProgress(count: number): Promise<void> {
  await eventually(
    () => figure('requests_in_progress'),
    (found) => found === count,
  );
}

/**
 * Until nobody is served and nobody rests. Who has gone while it rested is found out when it is read again, and what it had sent
 * is served meanwhile: it is over only if it is so twice in a row.
 */
async function untilForgotten(): Promise<void> {
  let times = 0;
  await eventually(async () => {
    const figures = await scrape(server.issuer);
    const left = ['requests_in_progress', 'connections_resting'].map((name) => figures.get(PREFIX + name)!);
    times = left.every((count) => count === 0) ? times + 1 : 0;
    return times === 2;
  });
}

/** As many token requests as may be, none of which is answered before `release`. */
async function fill(): Promise<{ release(): Promise<readonly Answer[]> }> {
  const url = server.env.OAUTH2_DATABASE_URL!;
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const answers = Promise.all(Array.from({ length: LIMIT }, issue));
  await untilInProgress(LIMIT);
  await eventually(async () => (await waitingStatements(url)) > 0);
  return {
    release: async () => {
      await held.release();
      return answers;
    },
  };
}

const open = (port = server.port) => openRaw(port);

function tokenRequest(body: string, length = body.length): string {
  const credentials = Buffer.from(`${client.client_id}:${client.client_secret!}`).toString('base64');
  const head = ['POST /oauth/token HTTP/1.1', 'Host: x', `Authorization: Basic ${credentials}`];
  const about = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${length}`];
  return `${[...head, ...about].join('\r\n')}\r\n\r\n${body}`;
}

const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

test('beyond the limit a request is sent away at once and counted; those before it are served', async () => {
  const before = await scrape(server.issuer);
  const full = await fill();
  // Nothing but the door can answer: the database answers nobody.
  const refused = await Promise.all(Array.from({ length: 10 }, issue));
  refused.forEach(expectUnavailable);
  const after = await scrape(server.issuer);
  const by = (name: string) => after.get(PREFIX + name)! - before.get(PREFIX + name)!;
  expect(by('requests_shed_total{reason="limit"}')).toBe(10);
  expect(by('requests_shed_total{reason="wait"}')).toBe(0);
  expect(by('requests_total{method="POST",route="/oauth/token",status="503"}')).toBe(10);
  expect(after.get(`${PREFIX}requests_room`)).toBe(LIMIT);
  expect((await full.release()).map(({ status }) => status)).toEqual(Array(LIMIT).fill(200));
  await eventually(() => server.output().includes('requests turned away'));
  expect(server.output()).toMatch(/"limit":10,"msg":"requests turned away"/);
});

test('a program gets JSON that nobody keeps and any script may read, a person a page', async () => {
  const full = await fill();
  const json = await fetch(`${server.issuer}/oauth/userinfo`);
  expect(json.status).toBe(503);
  const said = ['content-type', 'cache-control', 'retry-after', 'access-control-allow-origin'];
  expect(said.map((name) => json.headers.get(name))).toEqual(['application/json', 'no-store', '1', '*']);
  expect(await json.json()).toMatchObject({ error: 'temporarily_unavailable' });
  const page = await fetch(`${server.issuer}/auth/login`, { headers: { accept: 'text/html' } });
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('We are busy right now');
  const head = await fetch(`${server.issuer}/auth/login`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([503, '']);
  await full.release();
});

test('probes and the scrape are always answered, and the control panel for longer than others', async () => {
  const full = await fill();
  for (const path of ['/health', '/ready', '/metrics', '/metrics?x', '/admin']) {
    const { status } = await fetch(server.issuer + path, { redirect: 'manual' });
    expect([path, status]).not.toEqual([path, 503]);
  }
  expect((await fetch(`${server.issuer}/healthy`)).status).toBe(503);
  await full.release();
});

test('a connection that was sent away is served when there is room again', async () => {
  const full = await fill();
  const { socket, received } = await open();
  socket.write(tokenRequest(TOKEN_FORM));
  await eventually(() => statuses(received()).length === 1);
  await full.release();
  socket.write(tokenRequest(TOKEN_FORM));
  await eventually(() => statuses(received()).length === 2);
  expect(statuses(received())).toEqual([503, 200]);
  socket.destroy();
});

test('many requests in one piece are not answered one by one: the connection is closed', async () => {
  const full = await fill();
  const { socket, received } = await open();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(tokenRequest(TOKEN_FORM).repeat(20));
  await closed;
  expect(statuses(received())).toEqual(Array(5).fill(503));
  expect(
    received()
      .match(/connection: (?:close|keep-alive)/gi)
      ?.at(-1),
  ).toBe('Connection: close');
  await full.release();
});

test('a body that goes on and on after its refusal is not read for ever', async () => {
  const full = await fill();
  const { socket, received } = await open();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(tokenRequest(TOKEN_FORM, 1_000_000_000));
  await eventually(() => statuses(received()).length === 1);
  let sent = 0;
  const piece = Buffer.alloc(64 * 1024);
  const talk = setInterval(() => (sent += socket.write(piece) ? piece.length : 0), 5);
  await closed;
  clearInterval(talk);
  expect(statuses(received())).toEqual([503]);
  expect(sent).toBeLessThan(32 * 1024 * 1024);
  await full.release();
});

test('callers who close with their answer do not count as waiting', async () => {
  const full = await fill();
  for (let wave = 0; wave < 10; wave += 1) {
    const callers = await Promise.all(Array.from({ length: 30 }, () => open()));
    for (const { socket } of callers)
      socket.write(tokenRequest(TOKEN_FORM).replace('Host: x', 'Host: x\r\nConnection: close'));
    await Promise.all(callers.map(({ socket }) => new Promise((resolve) => socket.once('close', resolve))));
  }
  expect(await figure('connections_resting')).toBe(0);
  await full.release();
});

test('callers who go away in the middle, of the body or of the wait, leave nothing behind', async () => {
  const full = await fill();
  const inBody = await open();
  inBody.socket.write(tokenRequest(TOKEN_FORM.slice(0, 5), TOKEN_FORM.length));
  await eventually(() => statuses(inBody.received()).length === 1);
  inBody.socket.resetAndDestroy();
  await full.release();
  await untilInProgress(0);
  const url = server.env.OAUTH2_DATABASE_URL!;
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const waiting = await Promise.all([open(), open()]);
  waiting[0].socket.write(tokenRequest(TOKEN_FORM));
  // Three in one piece: the second and the third wait behind the first.
  waiting[1].socket.write(tokenRequest(TOKEN_FORM).repeat(3));
  await untilInProgress(4);
  for (const { socket } of waiting) socket.resetAndDestroy();
  await untilInProgress(0);
  await held.release();
});

test('who is slow to send keeps nobody out, and is served when all has come', async () => {
  const slow = await Promise.all(Array.from({ length: LIMIT + 2 }, () => open()));
  for (const { socket } of slow) {
    // One after the other: those that come in the same turn of the event loop count until its end.
    socket.write(tokenRequest(TOKEN_FORM.slice(0, 5), TOKEN_FORM.length));
    await sleep(50);
    await untilInProgress(0);
  }
  for (let request = 0; request < 5; request += 1) expect((await issue()).status).toBe(200);
  slow[0]!.socket.resetAndDestroy();
  for (const { socket } of slow.slice(1)) socket.write(TOKEN_FORM.slice(5));
  for (const { socket, received } of slow.slice(1)) {
    await eventually(() => statuses(received()).includes(200));
    socket.destroy();
  }
});

test('a drain answers what was sent on connections at rest, and closes them', async () => {
  const { OAUTH2_SERVER_PORT: _, ...env } = server.env;
  const own = await startServer({ env });
  const url = env.OAUTH2_DATABASE_URL!;
  const held = await holdLock(url, 'lock table access_tokens in access exclusive mode');
  const form = { grant_type: 'client_credentials' };
  const full = Promise.all(
    Array.from({ length: LIMIT }, () => send('token', () => postForm(own, '/oauth/token', form, client))),
  );
  await eventually(
    async () => (await scrape(own.issuer)).get(`${PREFIX}requests_in_progress`),
    (found) => found === LIMIT,
  );
  // More than can have been read again before the signal comes.
  const callers = await Promise.all(Array.from({ length: 50 }, () => open(own.port)));
  const closed = callers.map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
  for (const { socket } of callers) socket.write(tokenRequest(TOKEN_FORM));
  await eventually(() => callers.every(({ received }) => statuses(received()).length === 1));
  for (const { socket } of callers) socket.write(tokenRequest(TOKEN_FORM));
  const exit = own.terminate();
  await Promise.all(closed);
  await held.release();
  for (const { received } of callers) expect(statuses(received())).toEqual([503, 503]);
  expect((await full).map(({ status }) => status)).toEqual(Array(LIMIT).fill(200));
  expect(await exit).toBe(0);
});

test('however many insist at once, none is closed, and few are answered again', async () => {
  const full = await fill();
  const callers = await Promise.all(Array.from({ length: 1500 }, () => open()));
  let answers = 0;
  let closed = 0;
  for (const { socket } of callers) {
    socket.on('close', () => (closed += 1));
    // An answer comes in one piece; whoever gets one asks again at once.
    socket.on('data', () => {
      answers += 1;
      socket.write(tokenRequest(TOKEN_FORM));
    });
    socket.write(tokenRequest(TOKEN_FORM));
  }
  await eventually(() => answers >= callers.length);
  await sleep(500);
  expect(closed).toBe(0);
  // A hundred a second are woken where nobody is served.
  expect(answers).toBeLessThan(2 * callers.length);
  for (const { socket } of callers) socket.destroy();
  await full.release();
});
