import type { CheckedDelta, Outcome } from "../../channel/holding.ts";
import { Backoff } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Refusal } from "../../model/snapshot.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { GenerationUpdate } from "../messages.ts";
import type { BuildLink, Restored } from "./build-link.ts";
import { CurrentGeneration } from "./current-generation.ts";
import { EntryPointStatus } from "./entry-point-status.ts";
import type { SupervisorEvent } from "./events.ts";
import { Isolation } from "./isolation.ts";
import type { Names } from "./names.ts";
import { type SwapResult, swap } from "./swap.ts";
import type { SupervisorTiming } from "./timing.ts";
import { within } from "./within.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import type { Workers } from "./workers.ts";

/** How long a generation waits for a worker that can take it, and the start for all, before they go on without. */
export const WORKERS_WAIT_MS = 10_000;

/** A version that cost every worker is tried again after this long: it may have been the machine that was slow. */
const DEADLY_MS = 60_000;

/** Most versions remembered as costing every worker. */
const DEADLY_MAX = 100;

export interface GenerationsOptions {
  readonly build: BuildLink;
  readonly workers: Workers;
  readonly names: Names;
  /** After this time without an operator ClusterIPs take the place of endpoints, unless the class says otherwise; 0: never. */
  readonly isolateAfterMs: number;
  readonly timing: SupervisorTiming;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onEvent: (event: SupervisorEvent) => void;
  /** What of the live generation is refused is different now, without another generation. */
  readonly onRefusals: (refused: readonly Refusal[]) => void;
  /** A generation has come to its end: it is live, or nowhere. */
  readonly onSwap: (result: "live" | "rejected") => void;
}

/**
 * What makes generations live: ports and names settled once for all workers, then all prepare, then all switch. One step at a time,
 * whoever asks for it: the operator, a worker that has just started, a port that has become free, an operator that fell silent.
 */
export class Generations {
  readonly current = new CurrentGeneration();
  readonly isolation: Isolation;
  readonly #options: GenerationsOptions;
  readonly #entryPoints: EntryPointStatus;
  readonly #reopening: Backoff;
  /** Versions that no worker took, and why. */
  readonly #deadly = new Map<string, { readonly reason: string; readonly atMs: number }>();
  #refused: readonly Refusal[] = [];
  #isStopped = false;
  #cancelReopening: () => void = () => {};
  /** End of the line of those who change what workers run: one at a time. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: GenerationsOptions) {
    const { clock, timing, isolateAfterMs, onEvent } = options;
    this.#options = options;
    this.#entryPoints = new EntryPointStatus(onEvent);
    this.#reopening = new Backoff(timing.reopenFirstMs, timing.reopenMostMs);
    this.isolation = new Isolation({
      clock,
      afterMs: isolateAfterMs,
      onChange: (isIsolated) => this.#onIsolation(isIsolated),
    });
  }

  /** Resources of the live snapshot that could not be built. */
  get refused(): readonly Refusal[] {
    return this.#refused;
  }

  /** Why entry points of the live generation are not open. */
  get entryPointProblems(): readonly string[] {
    return this.#entryPoints.problems.map(({ message }) => message);
  }

  /** Takes the last good snapshot from disk: workers start with it, and `makeLive` says when they run it. */
  async restore(): Promise<Omit<Restored, "type">> {
    const restored = await this.#options.build.restore();
    if (!restored.update) return { ...restored, held: [] };
    const update = await this.#settle(restored.update);
    this.current.take(update);
    return { ...restored, update };
  }

  /** Makes a delta live. Never rejects: what goes wrong is the operator's to know. */
  async apply(delta: CheckedDelta): Promise<Outcome> {
    const startMs = this.#options.clock.monotonicMs();
    const deadly = this.#deadly.get(delta.version);
    if (deadly && startMs - deadly.atMs < DEADLY_MS) return this.#reject(delta.version, deadly.reason);
    try {
      const built = await this.#options.build.apply(delta);
      if (built.type === "rejected") return this.#reject(delta.version, built.reason);
      const update = await this.#settle(built.update);
      return await this.#exclusively(() => this.#swapTo(update, built.refused, startMs));
    } catch (error) {
      return this.#reject(delta.version, error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes over as current what workers run; answers the entry points that could not be opened, as refusals. */
  makeLive(update: GenerationUpdate, refused: readonly Refusal[], said: readonly string[]): readonly Refusal[] {
    this.current.take(update);
    this.isolation.setAfter(this.current.settings?.clusterIPAfterMs ?? null);
    this.#entryPoints.onLive(update, said);
    this.#reopening.reset();
    this.#awaitReopening();
    this.#options.names.keepOnly(update.hostnames);
    this.#refused = refused;
    return this.#unopened();
  }

  /** Entry points that could not be opened, as refusals. */
  #unopened(): readonly Refusal[] {
    return this.#entryPoints.problems.flatMap(({ entryPoint, message }) =>
      entryPoint ? [{ id: entryPoint.id, reason: message }] : [],
    );
  }

  /** A worker that has started is brought up to the current generation, and listens from then on. */
  bringUp(worker: WorkerHandle): void {
    void this.#exclusively(async () => {
      // A generation that came in between has taken it along.
      if (!worker.isReady || worker.isLive) return;
      const update = this.current.for(worker.sequence);
      if (update === null) {
        worker.goLive();
        return;
      }
      const { refusal, lost, problems } = await swap([worker], update.sequence, () => update);
      for (const problem of problems)
        this.#options.log.error("an entry point cannot be opened", { worker: worker.slot, problem });
      const reason = refusal ?? lost[0]?.reason;
      if (reason !== undefined) this.#options.workers.replace(worker, reason);
    });
  }

  /** Nothing is opened any more. */
  stopReopening(): void {
    this.#isStopped = true;
    this.#cancelReopening();
  }

  async #swapTo(update: GenerationUpdate, refused: readonly Refusal[], startMs: number): Promise<Outcome> {
    const { clock, workers, build, onSwap, onEvent } = this.#options;
    // When none comes up on what is current, the new generation may be the way out.
    await within(clock, WORKERS_WAIT_MS, workers.someReady());
    // What an operator has just said ends isolation with the same switch.
    this.current.isIsolated = false;
    const { refusal, problems } = await this.#step(update, ({ sequence }) => this.current.next(update, sequence));
    if (refusal !== null) {
      const reason = `no worker took it: ${refusal}`;
      this.current.isIsolated = this.isolation.isIsolated;
      this.#rememberDeadly(update.version, reason);
      return this.#reject(update.version, reason);
    }
    const allRefused = [...refused, ...this.makeLive(update, refused, problems)];
    build.commit(update.sequence);
    const applyMs = clock.monotonicMs() - startMs;
    const { version, sequence } = update;
    onSwap("live");
    onEvent({ event: "live", version, sequence, applyMs, refused: allRefused });
    return { applied: true, refused: allRefused };
  }

  /** All workers prepare, then all switch; those that did not do a step are replaced. */
  async #step(update: GenerationUpdate, fit: (worker: WorkerHandle) => GenerationUpdate): Promise<SwapResult> {
    const { workers } = this.#options;
    const result = await swap(workers.ready, update.sequence, fit);
    for (const { worker, reason } of result.lost) workers.replace(worker, reason);
    return result;
  }

  /** Ports and names, before any worker sees the generation. */
  async #settle(update: GenerationUpdate): Promise<GenerationUpdate> {
    const [settled] = await Promise.all([this.#entryPoints.settle(update), this.#options.names.want(update.hostnames)]);
    return settled;
  }

  /** Entry points that could not be opened are tried again, for as long as it takes: a port may become free. */
  #awaitReopening(): void {
    this.#cancelReopening();
    if (this.#entryPoints.problems.length === 0 || this.#isStopped) return;
    const reopen = () => void this.#exclusively(() => this.#reopen());
    this.#cancelReopening = this.#options.clock.after(this.#reopening.next(), reopen);
  }

  /** Takes the step to the live generation once more, with what is free by now. */
  async #reopen(): Promise<void> {
    const live = this.current.for(this.current.sequence);
    if (live === null || this.#isStopped) return;
    const update = await this.#entryPoints.settleAgain(live);
    const { refusal, problems } = await this.#step(update, ({ sequence }) => this.current.next(update, sequence));
    if (refusal === null) {
      const before = JSON.stringify(this.#unopened());
      this.current.take(update);
      this.#entryPoints.onLive(update, problems);
      if (JSON.stringify(this.#unopened()) !== before) this.#options.onRefusals([...this.#refused, ...this.#unopened()]);
    }
    this.#awaitReopening();
  }

  /** A version that cost every worker is not tried again for a while, however often the operator offers it. */
  #rememberDeadly(version: string, reason: string): void {
    if (this.#deadly.size >= DEADLY_MAX) this.#deadly.clear();
    this.#deadly.set(version, { reason, atMs: this.#options.clock.monotonicMs() });
  }

  #reject(version: string, reason: string): Outcome {
    this.#options.onSwap("rejected");
    this.#options.onEvent({ event: "rejected", version, reason });
    return { applied: false, reason };
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#line.then(run, run);
    this.#line = mine.catch(() => {});
    return mine;
  }

  #onIsolation(isIsolated: boolean): void {
    this.#options.onEvent(isIsolated ? { event: "isolated" } : { event: "rejoined" });
    void this.#exclusively(() => this.#applyIsolation());
  }

  /** Takes the step to the live generation once more, so that every worker and every service changes at a time. */
  async #applyIsolation(): Promise<void> {
    const { isIsolated } = this.isolation;
    if (this.current.isIsolated === isIsolated) return;
    this.current.isIsolated = isIsolated;
    const live = this.current.for(this.current.sequence);
    if (live !== null) await this.#step(live, ({ sequence }) => this.current.for(sequence) ?? live);
  }
}
