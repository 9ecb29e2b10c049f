import { Counter, Gauge, Registry, type Aggregator, type Metric } from 'prom-client';
import { withRule, type Figures } from './aggregate.ts';
import { Distribution, SeriesMetric, Tally, type Exposed } from './series.ts';

const PREFIX = 'oauth2_server_';

/** Makes the server's metrics, all under one prefix and in one registry of its own. */
export class Instruments {
  readonly registry = new Registry();
  readonly #collectors: (() => void | Promise<void>)[] = [];

  /** Called before each scrape: for what is looked up rather than counted. */
  onScrape(collect: () => void | Promise<void>): void {
    this.#collectors.push(collect);
  }

  /** Everything, in the text format that Prometheus reads. */
  async expose(): Promise<{ contentType: string; text: string }> {
    await this.#collect();
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** Everything, to be aggregated with what other processes have. */
  async figures(): Promise<Figures> {
    await this.#collect();
    const metrics = await this.registry.getMetricsAsJSON();
    return metrics.map((metric) => withRule(metric as unknown as Parameters<typeof withRule>[0]));
  }

  counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  /** `aggregator`: what the gauge is over several processes. */
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
    aggregator: Aggregator = 'sum',
  ): Gauge<Label> {
    return new Gauge({ name: PREFIX + name, help, labelNames, aggregator, registers: [this.registry] });
  }

  /** A counter for what happens with every request. `lastValues`: what the third label may be, each there from the start. */
  tally(
    name: string,
    help: string,
    labelNames: readonly string[],
    lastValues: readonly string[] = [],
  ): SeriesMetric<Tally> {
    return this.#register(new SeriesMetric(Tally.kind, PREFIX + name, help, labelNames, lastValues));
  }

  /** A histogram. `bounds`: the upper bounds of its buckets, ascending. */
  distribution(
    name: string,
    help: string,
    labelNames: readonly string[],
    bounds: readonly number[],
  ): SeriesMetric<Distribution> {
    return this.#register(new SeriesMetric(Distribution.kindOf(bounds), PREFIX + name, help, labelNames, []));
  }

  async #collect(): Promise<void> {
    await Promise.all(this.#collectors.map(async (collect) => collect()));
  }

  #register<M extends Exposed>(metric: M): M {
    // The registry asks for a name and for get() alone.
    this.registry.registerMetric(metric as unknown as Metric);
    return metric;
  }
}
