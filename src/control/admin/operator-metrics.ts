import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { resourceType } from "../../model/ids.ts";
import type { Problem, Severity } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { type Labels, MetricsRegistry, type Sample } from "../../telemetry/metrics.ts";
import { addProcessMetrics } from "../../telemetry/process-metrics.ts";
import type { CompiledRun } from "../reconciler.ts";
import { ProxyBook } from "./proxy-book.ts";

/** What is read when somebody asks for the metrics. */
export interface OperatorMetricsView {
  /** Objects held, by kind. */
  objects(): ReadonlyMap<string, number>;
  /** Everything wrong now. */
  problems(): Iterable<Problem>;
  /** What is published, a snapshot a class. */
  snapshots(): readonly Snapshot[];
  /** What only an operator on a cluster has. */
  readonly cluster?: ClusterMetricsView;
}

/** What only an operator on a cluster can tell. */
export interface ClusterMetricsView {
  /** Whether this replica holds the Lease. */
  isHolder(): boolean;
  /** For each kind, the seconds since its watch last heard of the API server. */
  watchSilence(): ReadonlyMap<string, number>;
  /** Objects whose status is still to be written. */
  statusBacklog(): number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

/**
 * The metrics of an operator. Instruments are public: whoever does the work counts on them (`lists.add(1, { kind })`); the rest is
 * read from the view at each scrape.
 */
export class OperatorMetrics {
  readonly registry = new MetricsRegistry();
  readonly #clock: Clock;
  readonly #proxies: ProxyBook;
  readonly #sizes = new WeakMap<Snapshot, SnapshotSize>();

  /** Time of the compiler in one run, pauses included. */
  readonly compileSeconds = this.registry.histogram("fairway_compile_seconds", "Time the compiler took for one run.", SECONDS);
  /** From the first change of a run to its published snapshots. */
  readonly publishSeconds = this.registry.histogram(
    "fairway_publish_seconds",
    "From the first change of a run until it was published.",
    SECONDS,
  );
  /** Runs that ended with an error. */
  readonly compileFailures = this.registry.counter("fairway_compile_failures_total", "Runs of the compiler that failed.");
  /** From the change to the answer of the last proxy of the class. Label `class`. */
  readonly rolloutSeconds = this.registry.histogram(
    "fairway_rollout_seconds",
    "From a change until the last connected proxy of the class runs it.",
    SECONDS,
    ["class"],
  );
  /** Answers by which a proxy refused all (`whole`) or some (`parts`) of what it was sent. Labels `class`, `extent`. */
  readonly refusals = this.registry.counter(
    "fairway_proxy_refusals_total",
    "Answers of proxies that refuse a snapshot as a whole, or parts of it.",
    ["class", "extent"],
  );
  /** Label `kind`. */
  readonly lists = this.registry.counter(
    "fairway_lists_total",
    "Times all objects of a kind were asked for, and not only what changed.",
    ["kind"],
  );
  /** Label `kind`. */
  readonly watches = this.registry.counter(
    "fairway_watches_total",
    "Times a watch was opened; the API server ends one every few minutes.",
    ["kind"],
  );
  /** Label `result`: `written`, `failed`. */
  readonly statusWrites = this.registry.counter(
    "fairway_status_writes_total",
    "Writes of status, by what became of them; what failed is tried again.",
    ["result"],
  );

  constructor(view: OperatorMetricsView, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#proxies = new ProxyBook((className, sinceMs) => {
      this.rolloutSeconds.observe((clock.monotonicMs() - sinceMs) / 1_000, { class: className });
    });
    this.compileFailures.add(0);
    this.#addWorld(view);
    this.#addProxies();
    if (view.cluster !== undefined) this.#addCluster(view.cluster);
    addProcessMetrics(this.registry);
  }

  /** A run of the compiler was published. `sinceMs`: when its first change was seen, on the monotonic clock. */
  compiled(run: CompiledRun, sinceMs = this.#clock.monotonicMs() - run.durationMs): void {
    this.compileSeconds.observe(run.compileMs / 1_000);
    this.publishSeconds.observe(run.durationMs / 1_000);
    for (const [className, version] of run.versions) this.#proxies.published(className, version, sinceMs);
  }

  /** A proxy said what it runs. */
  answered(answer: ProxyAnswer): void {
    const { class: className, whole, refused } = answer;
    if (whole !== null) this.refusals.add(1, { class: className, extent: "whole" });
    else if (refused.length > 0) this.refusals.add(1, { class: className, extent: "parts" });
    this.#proxies.answered(answer);
  }

  /** A proxy's stream ended. */
  gone(proxyId: string, className: string): void {
    this.#proxies.gone(proxyId, className);
  }

  #addWorld(view: OperatorMetricsView): void {
    this.#gauge("fairway_objects", "Objects held.", ["kind"], () => samples(view.objects(), "kind"));
    this.#gauge("fairway_problems", "Problems of the configuration.", ["severity"], () => countProblems(view.problems()));
    this.#gauge("fairway_snapshot_version", "1, with the version of what is published.", ["class", "version"], () =>
      view.snapshots().map((one) => ({ labels: { class: one.class, version: one.version }, value: 1 })),
    );
    this.#gauge("fairway_snapshot_resources", "Resources of what is published.", ["class", "type"], () =>
      view.snapshots().flatMap((one) => samples(this.#sizeOf(one).resources, "type", { class: one.class })),
    );
    this.#gauge("fairway_snapshot_bytes", "Size of what is published.", ["class"], () =>
      view.snapshots().map((one) => ({ labels: { class: one.class }, value: this.#sizeOf(one).bytes })),
    );
  }

  #addProxies(): void {
    this.#gauge("fairway_proxies_connected", "Proxies connected.", ["class"], () =>
      this.#proxies.counts().map((count) => ({ labels: { class: count.class }, value: count.connected })),
    );
    this.#gauge(
      "fairway_proxies_behind",
      "Connected proxies that do not run the newest snapshot of their class.",
      ["class"],
      () => this.#proxies.counts().map((count) => ({ labels: { class: count.class }, value: count.behind })),
    );
  }

  #addCluster(cluster: ClusterMetricsView): void {
    this.registry.gauge("fairway_lease_holder", "1 while this replica holds the Lease.", () => (cluster.isHolder() ? 1 : 0));
    this.registry.gauge("fairway_status_backlog", "Objects whose status is still to be written.", () => cluster.statusBacklog());
    this.#gauge("fairway_watch_silence_seconds", "Time since a watch last heard of the API server.", ["kind"], () =>
      samples(cluster.watchSilence(), "kind"),
    );
  }

  #gauge(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void {
    this.registry.add({ name, type: "gauge", help, labels, read });
  }

  /** Counted once a version: a snapshot may have 100,000 resources. */
  #sizeOf(snapshot: Snapshot): SnapshotSize {
    let known = this.#sizes.get(snapshot);
    if (known === undefined) {
      known = sizeOf(snapshot);
      this.#sizes.set(snapshot, known);
    }
    return known;
  }
}

interface SnapshotSize {
  /** How many, by type. */
  readonly resources: ReadonlyMap<string, number>;
  /** Of all bodies. */
  readonly bytes: number;
}

function sizeOf({ resources }: Snapshot): SnapshotSize {
  const counts = new Map<string, number>();
  let bytes = 0;
  for (const { id, body } of resources.values()) {
    const type = resourceType(id);
    counts.set(type, (counts.get(type) ?? 0) + 1);
    bytes += body.length;
  }
  return { resources: counts, bytes };
}

function countProblems(problems: Iterable<Problem>): readonly Sample[] {
  const counts = new Map<string, number>(SEVERITIES.map((severity) => [severity, 0]));
  for (const { severity } of problems) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  return samples(counts, "severity");
}

function samples(values: ReadonlyMap<string, number>, label: string, labels: Labels = {}): readonly Sample[] {
  return [...values].map(([name, value]) => ({ labels: { ...labels, [label]: name }, value }));
}
