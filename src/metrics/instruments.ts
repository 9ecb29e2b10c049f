import { Counter, Gauge, Histogram, Registry } from 'prom-client';

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
    await Promise.all(this.#collectors.map(async (collect) => collect()));
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({
      name: PREFIX + name,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }
}
