import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';

/** What /metrics says: each series, written as Prometheus writes it, and its value. */
export type Scrape = ReadonlyMap<string, number>;

/** Longer than a scrape's answer is given to the next one, so that what happened before is in it. */
const SHARED_MS = 150;

/** Scrapes a server; `base`: the address of its main port or of the metrics' own. */
export async function scrape(base: string): Promise<Scrape> {
  await sleep(SHARED_MS);
  const response = await fetch(`${base}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1).replace('Inf', 'Infinity'))];
    }),
  );
}

/** By how much each of the series has changed; one that was not there before began at zero. */
export function changes(
  before: Scrape,
  after: Scrape,
  series: readonly string[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(series.map((name) => [name, (after.get(name) ?? NaN) - (before.get(name) ?? 0)]));
}
