import { AggregatorRegistry, type Aggregator, type MetricObject } from 'prom-client';
import type { Exposed } from './series.ts';

/** One metric of one process, with all of its series. */
export type Figure = Pick<MetricObject, 'name' | 'help' | 'type' | 'aggregator'> &
  Pick<Awaited<ReturnType<Exposed['get']>>, 'values'>;

/** All metrics of one process at one time. They can be sent to another process. */
export type Figures = readonly Figure[];

/** What adds up over processes in another way than prom-client would have it. */
const RULES: Readonly<Record<string, Aggregator>> = {
  // The first process is the one that started the others.
  process_start_time_seconds: 'min',
  // A worker that lags is hidden by the average.
  nodejs_eventloop_lag_seconds: 'max',
  nodejs_eventloop_lag_mean_seconds: 'max',
  nodejs_eventloop_lag_stddev_seconds: 'max',
  nodejs_eventloop_lag_p50_seconds: 'max',
  nodejs_eventloop_lag_p90_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max',
};

/** A metric with the rule by which it is aggregated. */
export function withRule(figure: Omit<Figure, 'aggregator'> & { readonly aggregator?: Aggregator }): Figure {
  return { ...figure, aggregator: RULES[figure.name] ?? figure.aggregator ?? 'sum' };
}

/** The figures of several processes as those of one, in the text format that Prometheus reads. */
export async function exposeTogether(
  all: readonly Figures[],
): Promise<{ contentType: string; text: string }> {
  const registry = AggregatorRegistry.aggregate(all as readonly object[] as object[]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** What processes that have ended leave behind: all that only ever grows, so that no total becomes smaller. */
export function keptOf(all: readonly Figures[]): Figures {
  const growing = all.map((figures) => figures.filter(({ type }) => GROWING.has(String(type))));
  // Each is the aggregated figure, with a method for the registry added to it.
  return AggregatorRegistry.aggregate(growing).getMetricsAsArray() as unknown as Figures;
}

const GROWING = new Set(['counter', 'histogram']);
