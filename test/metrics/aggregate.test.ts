import { expect, test } from '@jest/globals';
import { exposeTogether, keptOf } from '../../src/metrics/aggregate.ts';
import { Instruments } from '../../src/metrics/instruments.ts';

/** The figures of a process that served some requests. */
async function figuresOf(requests: number, depth: number, clients: number) {
  const instruments = new Instruments();
  const tally = instruments.tally('requests_total', 'Requests', ['route']);
  const durations = instruments.distribution('seconds', 'Durations', ['route'], [0.1, 1]);
  for (let count = 0; count < requests; count += 1) {
    tally.of('/token').add();
    durations.of('/token').observe(0.5);
  }
  instruments.counter('issued_total', 'Issued').inc(requests);
  instruments.gauge('depth', 'Depth').set(depth);
  instruments.gauge('clients', 'Clients', [], 'max').set(clients);
  return instruments.figures();
}

const valuesOf = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
  );

test('counters and histograms add up, gauges as each says', async () => {
  const { text, contentType } = await exposeTogether([
    await figuresOf(2, 3, 7),
    await figuresOf(5, 4, Infinity),
  ]);
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(valuesOf(text)).toEqual({
    'oauth2_server_requests_total{route="/token"}': '7',
    'oauth2_server_seconds_bucket{le="0.1",route="/token"}': '0',
    'oauth2_server_seconds_bucket{le="1",route="/token"}': '7',
    'oauth2_server_seconds_bucket{le="+Inf",route="/token"}': '7',
    'oauth2_server_seconds_sum{route="/token"}': '3.5',
    'oauth2_server_seconds_count{route="/token"}': '7',
    oauth2_server_issued_total: '7',
    oauth2_server_depth: '7',
    oauth2_server_clients: '+Inf',
  });
});

test('of a process that has ended the counts stay, and nothing else', async () => {
  let kept = keptOf([]);
  for (const requests of [2, 5]) kept = keptOf([kept, await figuresOf(requests, 3, 7)]);
  const values = valuesOf((await exposeTogether([kept, await figuresOf(1, 1, 1)])).text);
  expect(values).toMatchObject({
    'oauth2_server_requests_total{route="/token"}': '8',
    'oauth2_server_seconds_count{route="/token"}': '8',
    oauth2_server_issued_total: '8',
    oauth2_server_depth: '1',
    oauth2_server_clients: '1',
  });
});

test('the worst event loop is shown, and the start of whoever started first', async () => {
  const process = (lag: number, start: number) => {
    const instruments = new Instruments();
    for (const [name, value] of [
      ['nodejs_eventloop_lag_p99_seconds', lag],
      ['process_start_time_seconds', start],
    ] as const) {
      instruments.registry.registerMetric({
        name,
        get: async () => ({ name, help: name, type: 'gauge', values: [{ labels: {}, value }] }),
      } as never);
    }
    return instruments.figures();
  };
  const { text } = await exposeTogether([await process(0.01, 100), await process(0.4, 200)]);
  expect(valuesOf(text)).toEqual({
    nodejs_eventloop_lag_p99_seconds: '0.4',
    process_start_time_seconds: '100',
  });
});
