/** The values of at most three labels. */
type Labels = Readonly<Record<string, string>>;

/** One line of an exposition, as prom-client's registry takes it. */
interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What prom-client's registry asks of a metric. */
export interface Exposed {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: 'counter' | 'histogram'; values: readonly Sample[] }>;
}

/**
 * The series of a metric by their labels' values. prom-client makes and hashes an object for each event; here a series is
 * found by up to three look-ups and counts by itself, which matters where thousands are counted a second.
 */
export class SeriesMetric<Series> implements Exposed {
  readonly name: string;
  readonly #help: string;
  readonly #type: 'counter' | 'histogram';
  readonly #labelNames: readonly string[];
  readonly #lastValues: readonly string[];
  readonly #make: () => Series;
  readonly #samples: (series: Series, labels: Labels, name: string) => readonly Sample[];
  readonly #tree = new Map<string, Map<string, Map<string, Series>>>();

  constructor(
    kind: {
      readonly type: 'counter' | 'histogram';
      readonly make: () => Series;
      readonly samples: (series: Series, labels: Labels, name: string) => readonly Sample[];
    },
    name: string,
    help: string,
    labelNames: readonly string[],
    lastValues: readonly string[],
  ) {
    this.name = name;
    this.#help = help;
    this.#labelNames = labelNames;
    this.#lastValues = lastValues;
    this.#type = kind.type;
    this.#make = kind.make;
    this.#samples = kind.samples;
  }

  /** The series of these values, in the order of the labels' names. */
  of(first: string, second = '', third = ''): Series {
    return this.#tree.get(first)?.get(second)?.get(third) ?? this.#add(first, second, third);
  }

  /** With its sisters: a rate needs a zero to start from. */
  #add(first: string, second: string, third: string): Series {
    const branch = this.#tree.get(first) ?? new Map<string, Map<string, Series>>();
    const twig = branch.get(second) ?? new Map<string, Series>();
    const series = twig.get(third) ?? this.#make();
    twig.set(third, series);
    for (const last of this.#lastValues) if (!twig.has(last)) twig.set(last, this.#make());
    this.#tree.set(first, branch.set(second, twig));
    return series;
  }

  async get() {
    const values: Sample[] = [];
    for (const [first, branch] of this.#tree) {
      for (const [second, twig] of branch) {
        for (const [third, series] of twig) {
          const given = [first, second, third];
          const labels = Object.fromEntries(
            this.#labelNames.map((label, index) => [label, given[index] ?? '']),
          );
          values.push(...this.#samples(series, labels, this.name));
        }
      }
    }
    return { name: this.name, help: this.#help, type: this.#type, values };
  }
}

/** Counts events. */
export class Tally {
  #count = 0;

  add(): void {
    this.#count += 1;
  }

  static readonly kind = {
    type: 'counter' as const,
    make: () => new Tally(),
    samples: (tally: Tally, labels: Labels, metricName: string) => [
      { metricName, labels, value: tally.#count },
    ],
  };
}

/** Counts values by size. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    // One more, for what is above all bounds.
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  static kindOf(bounds: readonly number[]) {
    return {
      type: 'histogram' as const,
      make: () => new Distribution(bounds),
      samples: (distribution: Distribution, labels: Labels, name: string) =>
        distribution.#samples(labels, name),
    };
  }

  /** Each bucket counts what is in those below it too (Prometheus, histograms). */
  #samples(labels: Labels, name: string): readonly Sample[] {
    let total = 0;
    const buckets = [...this.#bounds, Infinity].map((bound, index) => {
      total += this.#counts[index] ?? 0;
      const le = bound === Infinity ? '+Inf' : String(bound);
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }
}
