/**
 * The metrics of one process, and their text form (Prometheus exposition format 0.0.4). Values are asked for when the text is
 * made, so a metric costs nothing between two scrapes.
 */

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric; metrics without labels have one sample with none. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** What the name ends in beyond the metric's own, as in `_bucket`; nothing without it. */
  readonly suffix?: string;
}

export interface Metric {
  /** Full name, as in `fairway_requests_total`; counters end in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly help: string;
  /** Names of the labels its samples carry; absent: none. */
  readonly labels?: readonly string[];
  /** Called at each scrape. */
  read(): readonly Sample[];
}

const NAME = /^[a-z][a-z0-9_]*$/;

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();

  /** Adds a metric. Throws on a name that is taken or not in lower snake case: both are bugs. */
  add(metric: Metric): void {
    if (!NAME.test(metric.name)) throw new TypeError(`metric name ${JSON.stringify(metric.name)} is not lower snake case`);
    if (this.#metrics.has(metric.name)) throw new TypeError(`metric ${metric.name} is registered twice`);
    this.#metrics.set(metric.name, metric);
  }

  /** A counter that this thread itself counts. */
  counter(name: string, help: string, labels: readonly string[] = []): Counter {
    const counter = new Counter();
    this.add({ name, type: "counter", help, labels, read: () => counter.samples() });
    return counter;
  }

  /** A histogram that this thread itself fills. `bounds` are the upper ends of its buckets, ascending, in the unit of the metric. */
  histogram(name: string, help: string, bounds: readonly number[], labels: readonly string[] = []): Histogram {
    const histogram = new Histogram(bounds);
    this.add({ name, type: "histogram", help, labels, read: () => histogram.samples() });
    return histogram;
  }

  /** All metrics, in the order they were added. */
  metrics(): Iterable<Metric> {
    return this.#metrics.values();
  }

  /** A gauge without labels that is read from somewhere. */
  gauge(name: string, help: string, read: () => number): void {
    this.add({ name, type: "gauge", help, read: () => [{ labels: {}, value: read() }] });
  }

  /** The text that Prometheus reads, metrics in the order they were added. */
  text(): string {
    let text = "";
    for (const metric of this.#metrics.values()) {
      text += `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n`;
      for (const { suffix = "", labels, value } of metric.read())
        text += `${metric.name}${suffix}${labelText(labels)} ${value}\n`;
    }
    return text;
  }
}

/** Counts up, once per set of labels; label values must come from a bounded set. */
export class Counter {
  readonly #samples = new Map<string, { readonly labels: Labels; value: number }>();

  add(n = 1, labels: Labels = {}): void {
    const key = labelText(labels);
    const sample = this.#samples.get(key);
    if (sample) sample.value += n;
    else this.#samples.set(key, { labels, value: n });
  }

  samples(): readonly Sample[] {
    return [...this.#samples.values()];
  }
}

/** Counts values by size, once per set of labels; label values must come from a bounded set. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #rows = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { labels, counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#rows.set(key, row);
    }
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    const index = bucket === -1 ? this.#bounds.length : bucket;
    row.counts[index] = (row.counts[index] ?? 0) + 1;
    row.sum += value;
  }

  /** Buckets hold what is at most as large as their bound, smaller ones included, as Prometheus wants them. */
  samples(): readonly Sample[] {
    return [...this.#rows.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        const le = index === this.#bounds.length ? "+Inf" : String(this.#bounds[index]);
        return { suffix: "_bucket", labels: { ...labels, le }, value: total };
      });
      return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
    });
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
