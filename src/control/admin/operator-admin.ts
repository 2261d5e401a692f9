import type { AddressInfo } from "node:net";
import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { AdminServer } from "../../telemetry/admin-server.ts";
import type { CompiledRun } from "../reconciler.ts";
import type { LocatedProblem, Location } from "../sources/directory/manifest-set.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { CompileSettings } from "../translate/settings.ts";
import { type ClusterMetricsView, OperatorMetrics } from "./operator-metrics.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { RefusalBook } from "./refusal-book.ts";
import type { OperatorWorld, ProblemOrigin } from "./world-lines.ts";

/** What an operator is made of, as its admin port sees it. */
export interface OperatorAdminOptions {
  /** Of the program. */
  readonly version: string;
  readonly store: ObjectStore;
  readonly settings: CompileSettings;
  /** What is published, a snapshot a class. */
  readonly snapshots: () => readonly Snapshot[];
  /** What the source and its schemas find wrong. */
  readonly sourceProblems: () => Iterable<Problem>;
  /** Why this replica should not be counted on, beyond that it has not compiled yet; empty when it may. */
  readonly unreadiness?: () => readonly string[];
  /** Where objects come from, of an operator that reads a folder. */
  readonly folder?: FolderView;
  /** What only an operator on a cluster has. */
  readonly cluster?: ClusterMetricsView;
}

/** A folder that an operator reads. */
export interface FolderView {
  readonly directory: string;
  objects(): Iterable<Location & { readonly object: ObjectRef }>;
  located(found: Problem): LocatedProblem;
}

/**
 * An operator's admin port and its metrics. Whoever puts the operator together hands on what happens: `compiled`, `answered`, `gone`,
 * `failed`; other parts count on the instruments of `metrics`.
 */
export class OperatorAdmin implements OperatorWorld {
  readonly metrics: OperatorMetrics;
  readonly version: string;
  readonly folder: string | null;
  readonly store: ObjectStore;
  readonly #options: OperatorAdminOptions;
  readonly #refusals = new RefusalBook();
  readonly #server: AdminServer;
  /** What the compiler finds wrong; null before its first run. */
  #compiled: readonly Problem[] | null = null;

  constructor(options: OperatorAdminOptions) {
    this.#options = options;
    this.version = options.version;
    this.store = options.store;
    this.folder = options.folder?.directory ?? null;
    this.metrics = new OperatorMetrics({
      objects: () => options.store.counts(),
      problems: () => [...this.problems()].map(({ problem }) => problem),
      snapshots: options.snapshots,
      ...(options.cluster ? { cluster: options.cluster } : {}),
    });
    this.#server = new AdminServer(operatorRoutes(this, () => this.metrics.registry.text(), this));
  }

  /** Opens the port. Rejects with ListenFailed. */
  listen(host: string, port: number): Promise<AddressInfo> {
    return this.#server.listen(host, port);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  // --- what happens ---

  /** A run of the compiler was published. `sinceMs`: when its first change was seen, on the monotonic clock. */
  compiled(run: CompiledRun, sinceMs?: number): void {
    this.#compiled = run.problems;
    this.metrics.compiled(run, sinceMs);
  }

  /** A run of the compiler ended with an error. */
  failed(): void {
    this.metrics.compileFailures.add();
  }

  /** A proxy said what it runs. */
  answered(answer: ProxyAnswer): void {
    this.#refusals.answered(answer);
    this.metrics.answered(answer);
  }

  /** A proxy's stream ended. */
  gone(proxyId: string, className: string): void {
    this.#refusals.gone(proxyId, className);
    this.metrics.gone(proxyId, className);
  }

  // --- what probes and tools ask ---

  sickness(): string | null {
    return null;
  }

  unreadiness(): readonly string[] {
    const reasons = this.#options.unreadiness?.() ?? [];
    return this.#compiled === null ? [...reasons, "nothing is compiled yet"] : reasons;
  }

  settings(): CompileSettings {
    return this.#options.settings;
  }

  places(): Iterable<Location & { readonly object: ObjectRef }> {
    return this.#options.folder?.objects() ?? [];
  }

  *problems(): Iterable<{ readonly origin: ProblemOrigin; readonly problem: LocatedProblem }> {
    const { sourceProblems, folder } = this.#options;
    const located = (found: Problem): LocatedProblem => folder?.located(found) ?? { ...found, file: "", line: 0 };
    for (const found of sourceProblems()) yield { origin: "source", problem: { file: "", line: 0, ...found } };
    for (const found of this.#compiled ?? []) yield { origin: "compiler", problem: located(found) };
    for (const found of this.#refusals.problems()) yield { origin: "proxies", problem: located(found) };
  }
}
