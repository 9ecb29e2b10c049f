import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { holdLock } from '../chaos/load.ts';
import { obtainTokens, post, registerClient, type TestClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';

const SERVER_KIND = 2;
const CLIENT_KIND = 3;
const ERROR_STATUS = 2;

/** Each span sets its clock by a wall clock of whole milliseconds. */
const CLOCK_NS = 5_000_000n;

let receiver: OtlpReceiver;
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  server = await startServer({
    env: {
      OAUTH2_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_BSP_MAX_QUEUE_SIZE: '20000',
      OTEL_SERVICE_NAME: 'front door',
    },
  });
  client = await registerClient(server.issuer, {
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
  });
});
afterAll(async () => {
  await server.stop();
  await receiver.close();
});

/** What a caller that traces sends, and the ids in it. */
function newParent() {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** The spans of one trace once its request's own has arrived, which ends last. */
async function traceOf(traceId: string): Promise<readonly ReceivedSpan[]> {
  const trace = () => receiver.spans.filter((span) => span.traceId === traceId);
  await eventually(() => trace().some(({ kind }) => kind === SERVER_KIND));
  return trace();
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name);
  expect([name, found.length, spans.map((span) => span.name)]).toEqual([name, 1, expect.anything()]);
  return found[0]!;
}

function issue(headers: Record<string, string>) {
  return post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' }, headers);
}

test('a request is one trace: HTTP, actor, database, with the wait in the mailbox to be seen', async () => {
  const { traceId, spanId, headers } = newParent();
  const answer = await issue({ ...headers, 'user-agent': 'a test' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-trace-id')).toBe(traceId);
  const spans = await traceOf(traceId);

  const request = named(spans, 'POST /oauth/token');
  expect(request).toMatchObject({
    parentSpanId: spanId,
    kind: SERVER_KIND,
    service: 'front door',
    status: 0,
  });
  expect(request.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/oauth/token',
    'http.response.status_code': 200,
    'url.path': '/oauth/token',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'client.address': '127.0.0.1',
    'user_agent.original': 'a test',
  });
  const message = named(spans, 'token issueForClient');
  expect(message.parentSpanId).toBe(request.spanId);
  expect(message.attributes).toMatchObject({ 'stagedoor.actor': 'token', 'stagedoor.outcome': 'ok' });
  const [dequeued] = message.events;
  expect(dequeued!.name).toBe('dequeued');
  expect(dequeued!.at >= message.start && dequeued!.at <= message.end).toBe(true);
  expect(message.attributes['stagedoor.mailbox.wait_ms']).toBeCloseTo(
    Number(dequeued!.at - message.start) / 1e6,
    1,
  );
  const statement = named(spans, 'access_tokens_insert');
  expect(statement).toMatchObject({ parentSpanId: message.spanId, kind: CLIENT_KIND });
  expect(statement.attributes).toMatchObject({
    'db.system.name': 'postgresql',
    'db.query.summary': 'access_tokens_insert',
    'stagedoor.actor': 'token',
  });
  for (const inner of [message, statement]) {
    expect(inner.start >= request.start - CLOCK_NS && inner.end <= request.end + CLOCK_NS).toBe(true);
  }

  // The log is written in lots, a moment after the answer.
  const requestId = answer.headers.get('x-request-id')!;
  const lines = () => server.output('stdout').split('\n').slice(0, -1);
  const log = await eventually(() => lines().find((line) => line.includes(requestId)));
  expect(JSON.parse(log!)).toMatchObject({ traceId });
});

test('under a hundred requests at once no span has a wrong parent, and each trace leads to the statement that served it', async () => {
  const parents = Array.from({ length: 100 }, newParent);
  const { access_token: token } = await obtainTokens(server.issuer, client);
  const introspect = (headers: Record<string, string>) =>
    post(`${server.issuer}/oauth/introspect`, client, { token }, headers);
  const answers = await Promise.all(
    parents.map(({ headers }, index) => (index % 2 === 0 ? issue(headers) : introspect(headers))),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));

  let batched = 0;
  for (const [index, { traceId, spanId }] of parents.entries()) {
    const spans = await traceOf(traceId);
    const [request, messageName, statementName] =
      index % 2 === 0
        ? ['POST /oauth/token', 'token issueForClient', 'access_tokens_insert']
        : ['POST /oauth/introspect', 'token introspect', 'access_tokens_select_live'];
    const root = named(spans, request!);
    expect(root.parentSpanId).toBe(spanId);
    const message = named(spans, messageName!);
    expect(message.parentSpanId).toBe(root.spanId);
    expect(named(spans, 'client authenticate').parentSpanId).toBe(root.spanId);
    // Every span but the request's own hangs on one of the same trace.
    const ids = new Set(spans.map((span) => span.spanId));
    for (const span of spans) if (span !== root) expect(ids.has(span.parentSpanId)).toBe(true);

    // The statement may be a child of another of the messages that it served; then links lead there and back.
    const [link] = message.links;
    const statement = receiver.spans.find((span) => span.spanId === link!.spanId)!;
    expect(statement).toMatchObject({ name: statementName, traceId: link!.traceId });
    expect(statement.links).toContainEqual({ traceId, spanId: message.spanId });
    const parent = receiver.spans.find((span) => span.spanId === statement.parentSpanId)!;
    expect(parent).toMatchObject({ name: messageName, traceId: statement.traceId });
    if (statement.traceId !== traceId) batched += 1;
  }
  expect(batched).toBeGreaterThan(0);
});

test('a refusal is no error, a fault of the storage is one', async () => {
  const refused = newParent();
  await post(`${server.issuer}/oauth/token`, { ...client, client_secret: 'wrong' }, {}, refused.headers);
  const [message] = (await traceOf(refused.traceId)).filter(({ name }) => name === 'client authenticate');
  expect(message).toMatchObject({ status: 0, attributes: { 'stagedoor.outcome': 'refused' } });

  const failed = newParent();
  const lock = await holdLock(server.env.OAUTH2_DATABASE_URL!, 'lock access_tokens in access exclusive mode');
  expect((await issue(failed.headers)).status).toBe(503);
  await lock.release();
  const spans = await traceOf(failed.traceId);
  expect(named(spans, 'POST /oauth/token')).toMatchObject({
    status: ERROR_STATUS,
    attributes: { 'error.type': '503', 'http.response.status_code': 503 },
  });
  expect(named(spans, 'token issueForClient')).toMatchObject({
    status: ERROR_STATUS,
    attributes: { 'stagedoor.outcome': 'failed', 'error.type': 'TemporarilyUnavailable' },
  });
  expect(named(spans, 'access_tokens_insert')).toMatchObject({
    status: ERROR_STATUS,
    attributes: { 'error.type': expect.stringMatching(/^(?:57014|\w+)$/) },
  });
});

test('no span holds a secret, a token, a code or a query', async () => {
  const { traceId, headers } = newParent();
  const answer = await issue(headers);
  await fetch(`${server.issuer}/oauth/authorize?client_id=${client.client_id}&state=a-secret-state`, {
    headers,
    redirect: 'manual',
  });
  await eventually(
    () => receiver.spans.filter((span) => span.traceId === traceId && span.kind === SERVER_KIND).length === 2,
  );
  const everything = Buffer.concat(receiver.posts.map(({ body }) => body)).toString();
  for (const secret of [client.client_secret!, answer.body.access_token, 'a-secret-state']) {
    expect(everything).not.toContain(secret);
  }
});
