import { randomBytes } from "node:crypto";
import type { CredentialFiles } from "../../channel/access.ts";
import { ChannelClient } from "../../channel/client.ts";
import type { CheckedDelta, Outcome } from "../../channel/holding.ts";
import type { ChannelTiming } from "../../channel/timing.ts";
import { assert } from "../../kernel/assert.ts";
import { Backoff } from "../../kernel/backoff.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";
import type { Refusal } from "../../model/snapshot.ts";
import type { AccessLogOptions } from "../../telemetry/access-log.ts";
import { AccessLogFile } from "../../telemetry/access-log-file.ts";
import { AdminServer } from "../../telemetry/admin-server.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { GenerationUpdate } from "../messages.ts";
import { type AdminSource, adminRoutes } from "./admin.ts";
import { BuildLink, type Restored } from "./build-link.ts";
import { CurrentGeneration } from "./current-generation.ts";
import { makeDefaultCertificate } from "./default-certificate.ts";
import { drainUntilQuiet } from "./drain.ts";
import { EntryPointStatus } from "./entry-point-status.ts";
import type { SupervisorEvent } from "./events.ts";
import { ISOLATE_AFTER_MS, Isolation } from "./isolation.ts";
import { Names } from "./names.ts";
import { SupervisorMetrics } from "./supervisor-metrics.ts";
import { swap } from "./swap.ts";
import { type DrainTiming, SUPERVISOR_TIMING, type SupervisorTiming } from "./timing.ts";
import { within } from "./within.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import { Workers } from "./workers.ts";

/** How long the build thread gets to write what it has when the process ends. */
const BUILD_CLOSE_MS = 5_000;

export interface SupervisorOptions {
  readonly operatorUrl: string;
  /** What is needed for an https URL. */
  readonly credentials?: CredentialFiles | null;
  /** "" for the one class that the proxy's account has. */
  readonly className: string;
  readonly proxyId: string;
  /** Number of worker threads. */
  readonly workers: number;
  /** Folder of the last good snapshot, and the file with the key for its secrets; null keeps none. */
  readonly stateDirectory: string | null;
  readonly stateKeyFile: string | null;
  /** Address of the admin port; null opens none. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  readonly drain: DrainTiming;
  /** Whether `drain` counts whatever the class says; absent: no. */
  readonly keepsDrain?: boolean;
  /**
   * After this time without an operator ClusterIPs take the place of endpoints, unless the class says otherwise; 0: never.
   * `ISOLATE_AFTER_MS` without it.
   */
  readonly isolateAfterMs?: number;
  /** What is logged of exchanges, and where to (null: stdout); absent: nothing. */
  readonly accessLog?: { readonly options: AccessLogOptions; readonly file: string | null };
  readonly log: Logger;
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly clock?: Clock;
  readonly timing?: SupervisorTiming;
  readonly channelTiming?: ChannelTiming;
  /** The modules of the threads: tests put their own in place. */
  readonly threads?: { readonly worker: URL; readonly build: URL };
}

const THREADS = {
  worker: new URL("../worker/worker-thread.ts", import.meta.url),
  build: new URL("../build/build-thread.ts", import.meta.url),
};

/** How long the start waits for all workers, and a generation for one, before it goes on without. */
const WORKERS_WAIT_MS = 10_000;

/** A version that cost every worker is tried again after this long: it may have been the machine that was slow. */
const DEADLY_MS = 60_000;

/** Most versions remembered as costing every worker. */
const DEADLY_MAX = 100;

/** How long workers get beyond the deadline they know before they are ended. */
const CLOSE_GRACE_MS = 500;

/**
 * The main thread of a proxy. It carries no traffic: it keeps the channel to the operator, has generations built and swapped in,
 * keeps workers alive, resolves names, answers probes, and drains.
 */
export class Supervisor implements AdminSource {
  readonly #options: SupervisorOptions;
  readonly #clock: Clock;
  readonly #current = new CurrentGeneration();
  #certificate: CertificatePem | null = null;
  readonly #ticketKeys: Uint8Array = randomBytes(48);
  readonly #entryPoints: EntryPointStatus;
  readonly #isolation: Isolation;
  readonly #names: Names;
  readonly #build: BuildLink;
  readonly #workers: Workers;
  readonly #metrics: SupervisorMetrics;
  readonly #admin: AdminServer | null;
  readonly #accessFile: AccessLogFile | null;
  #client: ChannelClient | null = null;
  #refused: readonly Refusal[] = [];
  /** Versions that no worker took, and why. */
  readonly #deadly = new Map<string, { readonly reason: string; readonly atMs: number }>();
  #sickness: string | null = null;
  /** Why the operator is out of reach; null when it is not, undefined before the first try. */
  #operatorLost: string | null | undefined = undefined;
  readonly #reopening: Backoff;
  #cancelReopening: () => void = () => {};
  #wasReady = false;
  #draining: Promise<void> | null = null;
  /** End of the line of those who change what workers run: one at a time. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    const { log, onEvent, stateDirectory, stateKeyFile, clock = systemClock } = options;
    const threads = options.threads ?? THREADS;
    this.#options = options;
    this.#clock = clock;
    this.#entryPoints = new EntryPointStatus(onEvent);
    const { reopenFirstMs, reopenMostMs } = options.timing ?? SUPERVISOR_TIMING;
    this.#reopening = new Backoff(reopenFirstMs, reopenMostMs);
    this.#isolation = new Isolation({
      clock,
      afterMs: options.isolateAfterMs ?? ISOLATE_AFTER_MS,
      onChange: (isIsolated) => this.#onIsolation(isIsolated),
    });
    this.#names = new Names({ clock, onChange: (names) => this.#workers.broadcast({ type: "names", names }) });
    this.#build = new BuildLink({
      url: threads.build,
      start: { stateDirectory, stateKeyFile },
      clock,
      onLog: (line) => log[line.level](line.message, line.fields),
      onEnded: (reason) => this.#onBuildEnded(reason),
    });
    this.#workers = new Workers({
      count: options.workers,
      url: threads.worker,
      startWith: () => ({
        generation: this.#current.whole(),
        defaultCertificate: certificateOf(this.#certificate),
        ticketKeys: this.#ticketKeys,
        names: this.#names.known(),
        ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog.options }),
      }),
      clock,
      timing: options.timing ?? SUPERVISOR_TIMING,
      log,
      onAccessLines: (lines) => this.#accessFile?.add(lines),
      onReady: (worker) => this.#onWorkerReady(worker),
      onLive: ({ slot }) => onEvent({ event: "workerReady", slot }),
      onLost: (slot, reason) => this.#onWorkerLost(slot, reason),
    });
    this.#metrics = new SupervisorMetrics({
      rows: () => this.#workers.rows,
      liveWorkers: () => this.#workers.live.length,
      version: () => this.#current.version,
      refused: () => this.#refused.length,
      entryPointProblems: () => this.#entryPoints.problems.length,
      isConnected: () => this.#client?.isConnected ?? false,
      isIsolated: () => this.#current.isIsolated,
    });
    this.#accessFile = options.accessLog === undefined ? null : new AccessLogFile(options.accessLog.file, log);
    this.#admin = options.admin ? new AdminServer(adminRoutes(this)) : null;
  }

  /**
   * Starts everything; resolves when the workers are up, on the last good snapshot where there is one. Rejects when the admin port
   * or the access log cannot be opened.
   */
  async start(): Promise<void> {
    const { admin, onEvent } = this.#options;
    await this.#accessFile?.open();
    this.#certificate = await makeDefaultCertificate(this.#clock.now());
    if (admin && this.#admin) {
      const { port } = await this.#admin.listen(admin.host, admin.port);
      onEvent({ event: "admin", host: admin.host, port });
    }
    const restored = await this.#restore();
    // A worker that does not come up is replaced until it does; the others need not wait for it.
    await within(this.#clock, WORKERS_WAIT_MS, this.#workers.start());
    if (restored.update) {
      this.#makeLive(restored.update, restored.refused, []);
      onEvent({ event: "restored", version: restored.update.version, resources: restored.held.length });
    }
    this.#client = new ChannelClient({
      url: this.#options.operatorUrl,
      credentials: this.#options.credentials ?? null,
      className: this.#options.className,
      proxyId: this.#options.proxyId,
      held: { version: restored.update?.version ?? "", hashes: restored.held, refused: restored.refused },
      apply: (delta) => this.#apply(delta),
      onConnected: () => this.#onOperator(null),
      onLost: (reason) => this.#onOperator(reason),
      onConfirmed: () => this.#isolation.confirm(),
      clock: this.#clock,
      ...(this.#options.channelTiming ? { timing: this.#options.channelTiming } : {}),
    });
    if (this.#draining !== null) return;
    this.#client.start();
    this.#isolation.start();
  }

  /** Ends everything in order: unready, drained, closed. Resolves when no thread is left. */
  stop(): Promise<void> {
    this.#draining ??= this.#stop();
    return this.#draining;
  }

  // --- what the admin port shows ---

  sickness(): string | null {
    return this.#sickness;
  }

  unreadiness(): readonly string[] {
    const reasons: string[] = [];
    if (this.#draining) reasons.push("draining");
    if (this.#current.version === "") reasons.push("no snapshot is live yet");
    else if (this.#workers.live.length === 0) reasons.push("no worker is up");
    if (this.#workers.isFailing) reasons.push("workers keep dying");
    // Once ready, an entry point that comes in later and cannot be opened takes nobody out of service.
    if (!this.#wasReady) reasons.push(...this.#entryPoints.problems.map(({ message }) => message));
    if (reasons.length === 0) this.#wasReady = true;
    return reasons;
  }

  metrics(): string {
    return this.#metrics.registry.text();
  }

  describe(): Promise<string> {
    return this.#build.describe();
  }

  // --- generations ---

  /** Takes the last good snapshot from disk: workers start with it. */
  async #restore(): Promise<Omit<Restored, "type">> {
    if (this.#options.stateDirectory === null) return { update: null, held: [], refused: [] };
    const restored = await this.#build.restore();
    if (!restored.update) return { ...restored, held: [] };
    const update = await this.#settle(restored.update);
    this.#current.take(update);
    return { ...restored, update };
  }

  /** Makes a delta live. Never rejects: what goes wrong is the operator's to know. */
  async #apply(delta: CheckedDelta): Promise<Outcome> {
    const startMs = this.#clock.monotonicMs();
    const deadly = this.#deadly.get(delta.version);
    if (deadly && startMs - deadly.atMs < DEADLY_MS) return this.#reject(delta.version, deadly.reason);
    try {
      const built = await this.#build.apply(delta);
      if (built.type === "rejected") return this.#reject(delta.version, built.reason);
      const update = await this.#settle(built.update);
      return await this.#exclusively(() => this.#swapTo(update, built.refused, startMs));
    } catch (error) {
      return this.#reject(delta.version, error instanceof Error ? error.message : String(error));
    }
  }

  async #swapTo(update: GenerationUpdate, refused: readonly Refusal[], startMs: number): Promise<Outcome> {
    // When none comes up on what is current, the new generation may be the way out.
    await within(this.#clock, WORKERS_WAIT_MS, this.#workers.someReady());
    // What an operator has just said ends isolation with the same switch.
    this.#current.isIsolated = false;
    const fit = ({ sequence }: WorkerHandle): GenerationUpdate => this.#current.next(update, sequence);
    const { lost, refusal, problems } = await swap(this.#workers.ready, update.sequence, fit);
    for (const { worker, reason } of lost) this.#workers.replace(worker, reason);
    if (refusal !== null) {
      const reason = `no worker took it: ${refusal}`;
      this.#current.isIsolated = this.#isolation.isIsolated;
      this.#rememberDeadly(update.version, reason);
      return this.#reject(update.version, reason);
    }
    const allRefused = [...refused, ...this.#makeLive(update, refused, problems)];
    this.#build.commit(update.sequence);
    const applyMs = this.#clock.monotonicMs() - startMs;
    const { version, sequence } = update;
    this.#metrics.swaps.add(1, { result: "live" });
    this.#options.onEvent({ event: "live", version, sequence, applyMs, refused: allRefused });
    return { applied: true, refused: allRefused };
  }

  /** Ports and names, before any worker sees the generation. */
  async #settle(update: GenerationUpdate): Promise<GenerationUpdate> {
    const [settled] = await Promise.all([this.#entryPoints.settle(update), this.#names.want(update.hostnames)]);
    return settled;
  }

  /** Takes over as current; answers the entry points that could not be opened, as refusals. */
  #makeLive(update: GenerationUpdate, refused: readonly Refusal[], said: readonly string[]): readonly Refusal[] {
    this.#current.take(update);
    this.#isolation.setAfter(this.#current.settings?.clusterIPAfterMs ?? null);
    this.#entryPoints.onLive(update, said);
    this.#reopening.reset();
    this.#awaitReopening();
    this.#names.keepOnly(update.hostnames);
    this.#refused = refused;
    return this.#entryPoints.problems.flatMap(({ entryPoint, message }) =>
      entryPoint ? [{ id: entryPoint.id, reason: message }] : [],
    );
  }

  /** Entry points that could not be opened are tried again, for as long as it takes: a port may become free. */
  #awaitReopening(): void {
    this.#cancelReopening();
    if (this.#entryPoints.problems.length === 0 || this.#draining !== null) return;
    const reopen = () => void this.#exclusively(() => this.#reopen());
    this.#cancelReopening = this.#clock.after(this.#reopening.next(), reopen);
  }

  /** Takes the step to the live generation once more, with what is free by now. */
  async #reopen(): Promise<void> {
    const live = this.#current.for(this.#current.sequence);
    if (live === null || this.#draining !== null) return;
    const update = await this.#entryPoints.settleAgain(live);
    const { lost, refusal, problems } = await swap(this.#workers.ready, update.sequence, ({ sequence }) =>
      this.#current.next(update, sequence),
    );
    for (const { worker, reason } of lost) this.#workers.replace(worker, reason);
    if (refusal === null) {
      this.#current.take(update);
      this.#entryPoints.onLive(update, problems);
    }
    this.#awaitReopening();
  }

  /** A version that cost every worker is not tried again for a while, however often the operator offers it. */
  #rememberDeadly(version: string, reason: string): void {
    if (this.#deadly.size >= DEADLY_MAX) this.#deadly.clear();
    this.#deadly.set(version, { reason, atMs: this.#clock.monotonicMs() });
  }

  #reject(version: string, reason: string): Outcome {
    this.#metrics.swaps.add(1, { result: "rejected" });
    this.#options.onEvent({ event: "rejected", version, reason });
    return { applied: false, reason };
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#line.then(run, run);
    this.#line = mine.catch(() => {});
    return mine;
  }

  #onIsolation(isIsolated: boolean): void {
    const { onEvent } = this.#options;
    onEvent(isIsolated ? { event: "isolated" } : { event: "rejoined" });
    void this.#exclusively(() => this.#applyIsolation());
  }

  /** Takes the step to the live generation once more, so that every worker and every service changes at a time. */
  async #applyIsolation(): Promise<void> {
    const { isIsolated } = this.#isolation;
    if (this.#current.isIsolated === isIsolated) return;
    this.#current.isIsolated = isIsolated;
    const live = this.#current.for(this.#current.sequence);
    if (live === null) return;
    const fit = ({ sequence }: WorkerHandle): GenerationUpdate => this.#current.for(sequence) ?? live;
    const { lost } = await swap(this.#workers.ready, live.sequence, fit);
    for (const { worker, reason } of lost) this.#workers.replace(worker, reason);
  }

  /** The operator is reached (null), or lost and why. Told when it is news, not at every try. */
  #onOperator(lost: string | null): void {
    if (lost === this.#operatorLost) return;
    this.#operatorLost = lost;
    this.#options.onEvent(lost === null ? { event: "operatorConnected" } : { event: "operatorLost", reason: lost });
  }

  // --- threads ---

  /** A worker that has started is brought up to the current generation, and listens from then on. */
  #onWorkerReady(worker: WorkerHandle): void {
    if (this.#draining) worker.post({ type: "drain" });
    void this.#exclusively(async () => {
      // A generation that came in between has taken it along.
      if (!worker.isReady || worker.isLive) return;
      const update = this.#current.for(worker.sequence);
      if (update === null) {
        worker.goLive();
        return;
      }
      const { refusal, lost, problems } = await swap([worker], update.sequence, () => update);
      for (const problem of problems)
        this.#options.log.error("an entry point cannot be opened", { worker: worker.slot, problem });
      const reason = refusal ?? lost[0]?.reason;
      if (reason !== undefined) this.#workers.replace(worker, reason);
    });
  }

  #onWorkerLost(slot: number, reason: string): void {
    this.#metrics.restarts.add(1);
    this.#options.log.error("a worker was lost and is replaced", { worker: slot, reason });
    this.#options.onEvent({ event: "workerLost", slot, reason });
  }

  /** Traffic goes on, but nothing new can be built: a restart, one proxy after another, is the way out. */
  #onBuildEnded(reason: string): void {
    this.#sickness = `the build thread ended: ${reason}`;
    this.#options.log.error("the build thread ended", { reason });
  }

  /** As the class says, where it does. */
  #drainTiming(): DrainTiming {
    const { drain, keepsDrain } = this.#options;
    return keepsDrain === true ? drain : { ...drain, ...this.#current.settings?.drain };
  }

  async #stop(): Promise<void> {
    this.#options.onEvent({ event: "draining" });
    this.#cancelReopening();
    // Servers come and go while connections are still taken, so the channel stays until the listeners close.
    const drain = this.#drainTiming();
    await drainUntilQuiet(this.#workers, drain, this.#clock);
    this.#isolation.stop();
    this.#client?.stop();
    await this.#workers.close(drain.deadlineMs, CLOSE_GRACE_MS);
    this.#names.stop();
    await this.#build.close(BUILD_CLOSE_MS);
    await this.#accessFile?.close();
    await this.#admin?.close();
  }
}

function certificateOf(made: CertificatePem | null): CertificatePem {
  assert(made !== null, "workers start after the default certificate is made");
  return made;
}
