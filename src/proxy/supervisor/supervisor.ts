import { randomBytes } from "node:crypto";
import type { CredentialFiles } from "../../channel/access.ts";
import { ChannelClient } from "../../channel/client.ts";
import type { ChannelTiming } from "../../channel/timing.ts";
import { assert } from "../../kernel/assert.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";
import type { AccessLogOptions } from "../../telemetry/access-log.ts";
import { AccessLogFile } from "../../telemetry/access-log-file.ts";
import { AdminServer } from "../../telemetry/admin-server.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { OverloadMarks } from "../worker/overload.ts";
import { type AdminSource, adminRoutes } from "./admin.ts";
import { BuildLink } from "./build-link.ts";
import { makeDefaultCertificate } from "./default-certificate.ts";
import { drainUntilQuiet } from "./drain.ts";
import type { SupervisorEvent } from "./events.ts";
import { Generations, WORKERS_WAIT_MS } from "./generations.ts";
import { ISOLATE_AFTER_MS } from "./isolation.ts";
import { Names } from "./names.ts";
import { SupervisorMetrics } from "./supervisor-metrics.ts";
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
  /** Whether the admin port has paths that do harm, for tests; absent: no. */
  readonly debugEndpoints?: boolean;
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
  /** From which load on workers give way; absent: what the memory of this machine, or container, allows. */
  readonly overloadMarks?: OverloadMarks;
  readonly channelTiming?: ChannelTiming;
  /** The modules of the threads: tests put their own in place. */
  readonly threads?: { readonly worker: URL; readonly build: URL };
}

const THREADS = {
  worker: new URL("../worker/worker-thread.ts", import.meta.url),
  build: new URL("../build/build-thread.ts", import.meta.url),
};

/** How long workers get beyond the deadline they know before they are ended. */
const CLOSE_GRACE_MS = 500;

/**
 * The main thread of a proxy. It carries no traffic: it keeps the channel to the operator, has generations built and swapped in,
 * keeps workers alive, resolves names, answers probes, and drains.
 */
export class Supervisor implements AdminSource {
  readonly #options: SupervisorOptions;
  readonly #clock: Clock;
  #certificate: CertificatePem | null = null;
  readonly #ticketKeys: Uint8Array = randomBytes(48);
  readonly #names: Names;
  readonly #build: BuildLink;
  readonly #workers: Workers;
  readonly #generations: Generations;
  readonly #metrics: SupervisorMetrics;
  readonly #admin: AdminServer | null;
  readonly #accessFile: AccessLogFile | null;
  #client: ChannelClient | null = null;
  #sickness: string | null = null;
  /** Why the operator is out of reach; null when it is not, undefined before the first try. */
  #operatorLost: string | null | undefined = undefined;
  #wasReady = false;
  #draining: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    const { log, onEvent, stateDirectory, stateKeyFile, clock = systemClock, timing = SUPERVISOR_TIMING } = options;
    const threads = options.threads ?? THREADS;
    this.#options = options;
    this.#clock = clock;
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
        generation: this.#generations.current.whole(),
        defaultCertificate: certificateOf(this.#certificate),
        ticketKeys: this.#ticketKeys,
        names: this.#names.known(),
        ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog.options }),
      }),
      clock,
      timing,
      overloadMarks: options.overloadMarks,
      log,
      onAccessLines: (lines) => this.#accessFile?.add(lines),
      onReady: (worker) => this.#onWorkerReady(worker),
      onLive: ({ slot }) => onEvent({ event: "workerReady", slot }),
      onLost: (slot, reason) => this.#onWorkerLost(slot, reason),
    });
    this.#generations = new Generations({
      build: this.#build,
      workers: this.#workers,
      names: this.#names,
      isolateAfterMs: options.isolateAfterMs ?? ISOLATE_AFTER_MS,
      timing,
      clock,
      log,
      onEvent,
      onRefusals: (refused) => this.#client?.changeRefusals(refused),
      onSwap: (result) => this.#metrics.swaps.add(1, { result }),
    });
    this.#metrics = new SupervisorMetrics({
      rows: () => this.#workers.rows,
      liveWorkers: () => this.#workers.live.length,
      version: () => this.#generations.current.version,
      refused: () => this.#generations.refused.length,
      entryPointProblems: () => this.#generations.entryPointProblems.length,
      isConnected: () => this.#client?.isConnected ?? false,
      isIsolated: () => this.#generations.current.isIsolated,
    });
    this.#accessFile = options.accessLog === undefined ? null : new AccessLogFile(options.accessLog.file, log);
    this.#admin = options.admin ? new AdminServer(adminRoutes(this, options.debugEndpoints === true)) : null;
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
    const keepsState = this.#options.stateDirectory !== null;
    const restored = keepsState ? await this.#generations.restore() : { update: null, held: [], refused: [] };
    // A worker that does not come up is replaced until it does; the others need not wait for it.
    await within(this.#clock, WORKERS_WAIT_MS, this.#workers.start());
    const unopened = restored.update ? this.#generations.makeLive(restored.update, restored.refused, []) : [];
    if (restored.update) {
      onEvent({ event: "restored", version: restored.update.version, resources: restored.held.length });
    }
    this.#client = new ChannelClient({
      url: this.#options.operatorUrl,
      credentials: this.#options.credentials ?? null,
      className: this.#options.className,
      proxyId: this.#options.proxyId,
      held: { version: restored.update?.version ?? "", hashes: restored.held, refused: [...restored.refused, ...unopened] },
      apply: (delta) => this.#generations.apply(delta),
      onConnected: () => this.#onOperator(null),
      onLost: (reason) => this.#onOperator(reason),
      onConfirmed: () => this.#generations.isolation.confirm(),
      clock: this.#clock,
      ...(this.#options.channelTiming ? { timing: this.#options.channelTiming } : {}),
    });
    if (this.#draining !== null) return;
    this.#client.start();
    this.#generations.isolation.start();
  }

  /** Ends everything in order: unready, drained, closed. Resolves when no thread is left. */
  stop(): Promise<void> {
    this.#draining ??= this.#stop();
    return this.#draining;
  }

  /** Opens the file of the access log anew, after it was moved away. */
  async reopenAccessLog(): Promise<void> {
    await this.#accessFile?.reopen();
  }

  // --- what the admin port shows ---

  sickness(): string | null {
    return this.#sickness;
  }

  unreadiness(): readonly string[] {
    const reasons: string[] = [];
    if (this.#draining) reasons.push("draining");
    if (this.#generations.current.version === "") reasons.push("no snapshot is live yet");
    else if (this.#workers.live.length === 0) reasons.push("no worker is up");
    if (this.#workers.isFailing) reasons.push("workers keep dying");
    // Once ready, an entry point that comes in later and cannot be opened takes nobody out of service.
    if (!this.#wasReady) reasons.push(...this.#generations.entryPointProblems);
    if (reasons.length === 0) this.#wasReady = true;
    return reasons;
  }

  metrics(): string {
    return this.#metrics.registry.text();
  }

  describe(): Promise<string> {
    return this.#build.describe();
  }

  terminateWorker(slot: number | null): number | null {
    return this.#workers.terminate(slot, "it was terminated through the admin port");
  }

  /** The operator is reached (null), or lost and why. Told when it is news, not at every try. */
  #onOperator(lost: string | null): void {
    if (lost === this.#operatorLost) return;
    this.#operatorLost = lost;
    this.#options.onEvent(lost === null ? { event: "operatorConnected" } : { event: "operatorLost", reason: lost });
  }

  // --- threads ---

  #onWorkerReady(worker: WorkerHandle): void {
    if (this.#draining) worker.post({ type: "drain" });
    this.#generations.bringUp(worker);
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
    return keepsDrain === true ? drain : { ...drain, ...this.#generations.current.settings?.drain };
  }

  async #stop(): Promise<void> {
    this.#options.onEvent({ event: "draining" });
    this.#generations.stopReopening();
    // Servers come and go while connections are still taken, so the channel stays until the listeners close.
    const drain = this.#drainTiming();
    await drainUntilQuiet(this.#workers, drain, this.#clock);
    this.#generations.isolation.stop();
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
