import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { post, registerClient } from '../support/client.ts';
import { freePort, startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts';

const SPAN_NAME = 'POST /oauth/token';

let receiver: OtlpReceiver;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

/** Issues tokens, one after the other; resolves to the last answer's headers. */
async function useServer({ issuer }: TestServer, count: number): Promise<Headers> {
  const client = await registerClient(issuer, { grant_types: ['client_credentials'] });
  let headers = new Headers();
  for (let index = 0; index < count; index += 1) {
    const answer = await post(`${issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
    expect(answer.status).toBe(200);
    headers = answer.headers;
  }
  return headers;
}

/** How long half of the token requests take at most. */
async function medianMs({ issuer }: TestServer): Promise<number> {
  const client = await registerClient(issuer, { grant_types: ['client_credentials'] });
  const times: number[] = [];
  for (let index = 0; index < 200; index += 1) {
    const startedAtMs = performance.now();
    await post(`${issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
    times.push(performance.now() - startedAtMs);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

test('what was not sent yet is sent at the end, by protobuf over HTTP unless told otherwise', async () => {
  const server = await startServer({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '60000' },
  });
  await useServer(server, 3);
  expect(receiver.posts).toEqual([]);
  expect(await server.terminate()).toBe(0);
  expect(receiver.posts.map(({ path, type }) => ({ path, type }))).toContainEqual({
    path: '/v1/traces',
    type: 'application/x-protobuf',
  });
  expect(Buffer.concat(receiver.posts.map(({ body }) => body)).toString('latin1')).toContain(SPAN_NAME);
  // Nothing but traces is sent.
  expect(new Set(receiver.posts.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  await server.stop();
});

test('a collector may speak gRPC', async () => {
  const bodies: Buffer[] = [];
  const collector: Http2Server = createHttp2Server();
  collector.on('stream', (stream, headers) => {
    void buffer(stream).then((body) => {
      expect(headers[':path']).toBe('/opentelemetry.proto.collector.trace.v1.TraceService/Export');
      bodies.push(body);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      // An empty message: not compressed, no bytes.
      stream.end(Buffer.alloc(5));
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const server = await startServer({
    env: { OAUTH2_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  });
  await useServer(server, 1);
  expect(await server.terminate()).toBe(0);
  expect(Buffer.concat(bodies).toString('latin1')).toContain(SPAN_NAME);
  await server.stop();
  collector.close();
});

test('without a collector nothing is traced, and a sampler that says no is obeyed', async () => {
  const plain = await startServer();
  const headers = await useServer(plain, 1);
  expect(headers.get('x-trace-id')).toBeNull();
  expect(plain.output('stdout')).not.toContain('traceId');
  await plain.stop();

  const server = await startServer({
    env: {
      OAUTH2_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    },
  });
  // The trace has an id all the same, for the log and for those who call us.
  expect((await useServer(server, 3)).get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(await server.terminate()).toBe(0);
  expect(receiver.posts).toEqual([]);
  await server.stop();
});

test('a collector that is away, or answers nothing, holds up no request and not the end for long', async () => {
  const plain = await startServer();
  const silent: Server = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  for (const port of [await freePort(), (silent.address() as AddressInfo).port]) {
    const server = await startServer({
      env: {
        OAUTH2_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_BSP_SCHEDULE_DELAY: '20',
        OTEL_BSP_MAX_QUEUE_SIZE: '64',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
      },
    });
    // Whoever waited for the collector would wait for seconds, not for a little longer.
    expect((await medianMs(server)) / (await medianMs(plain))).toBeLessThan(4);
    if (port !== (silent.address() as AddressInfo).port) {
      // Said once, not once per batch.
      const complaints = () => server.output('stdout').match(/trouble with tracing/g)?.length;
      expect(await eventually(complaints)).toBe(1);
    }
    const startedAtMs = performance.now();
    expect(await server.terminate()).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(15_000);
    await server.stop();
  }
  silent.close();
  await plain.stop();
}, 60_000);
