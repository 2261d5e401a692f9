import type { AnyMiddlewareModule } from "../../extensions/middlewares/contract.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { MatcherTable } from "../../rules/matcher.ts";
import { AccessLog } from "../../telemetry/access-log.ts";
import { COUNTER, CounterRow } from "../../telemetry/worker-counters.ts";
import type { Timeouts } from "../http1/limits.ts";
import type { ReadMode } from "../listen/byte-socket.ts";
import { ConnectionLimits } from "../listen/connection-limits.ts";
import { EntryPoints } from "../listen/entry-points.ts";
import { SecureContexts } from "../listen/secure-contexts.ts";
import { SharedTally } from "../listen/shared-tally.ts";
import { LiveTerms } from "../listen/tls-terms.ts";
import type { FromWorker, GenerationUpdate, ToWorker, WorkerStart } from "../messages.ts";
import { Deadlines } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import { LiveServices } from "../upstream/live-services.ts";
import { Names } from "../upstream/names.ts";
import { ServerPools } from "../upstream/server-pools.ts";
import { LoadGauge } from "./load-gauge.ts";
import { type Load, OVERLOAD_STATES, Overload } from "./overload.ts";
import { World } from "./world.ts";

/** How often the supervisor hears that the worker lives, and how often old live objects are looked for. */
const ALIVE_MS = 1_000;
/** How often the load is measured. */
const LOAD_MS = 500;
/** Live objects looked at in one turn: well under 2 ms. */
const SWEEP_OBJECTS = 500;

export interface TrafficWorkerOptions {
  readonly start: WorkerStart;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  /** Time between two looks at deadlines. */
  readonly sweepMs: number;
  readonly readMode: ReadMode;
  readonly matchers: MatcherTable;
  readonly middlewares: ReadonlyMap<string, AnyMiddlewareModule>;
  readonly send: (message: FromWorker) => void;
  /** After `close`, when the last connection has ended: the thread may go. */
  readonly onClosed: () => void;
}

/** One worker: its world, entry points, connections and pools. What the worker thread does, without the thread. */
export class TrafficWorker {
  readonly entryPoints: EntryPoints;
  readonly pools: ServerPools;
  readonly #options: TrafficWorkerOptions;
  readonly #world: World<LiveService>;
  readonly #names = new Names();
  readonly #engine: Engine;
  readonly #deadlines: Deadlines;
  readonly #overload: Overload;
  readonly #gauge: LoadGauge;
  #stopTicking: () => void = () => {};
  #stopMeasuring: () => void = () => {};
  #closesAtMs = 0;

  constructor(options: TrafficWorkerOptions) {
    const { start, clock, timeouts, sweepMs, matchers, middlewares } = options;
    this.#options = options;
    this.#deadlines = new Deadlines(clock, sweepMs);
    this.#gauge = new LoadGauge(clock);
    const counters = new CounterRow(start.counters);
    this.pools = new ServerPools({ deadlines: this.#deadlines, timeouts, counters });
    const services = new LiveServices(this.pools, this.#names);
    this.#world = new World({ matchers, middlewares, services, onUnbuildable: (id, reason) => this.#unbuildable(id, reason) });
    const { accessLog } = start;
    const send = (lines: Uint8Array<ArrayBuffer>): void => options.send({ type: "accessLog", lines });
    const access = accessLog === undefined ? null : { log: new AccessLog(accessLog, send), clock };
    this.#engine = { access, routes: this.#world, isDraining: false, deadlines: this.#deadlines, timeouts, counters };
    this.#overload = new Overload(start.overloadMarks, (level, cause) => {
      const was = counters.read(COUNTER.overload);
      counters.add(COUNTER.overload, level - was);
      const state = OVERLOAD_STATES[level];
      this.#log(level > 0 ? "warn" : "info", "the load of a worker passed a mark", { state, cause });
    });
    this.entryPoints = new EntryPoints({
      engine: this.#engine,
      tls: new LiveTerms(this.#world.tls, new SecureContexts(), start.defaultCertificate, start.ticketKeys),
      readMode: options.readMode,
      limits: new ConnectionLimits(new SharedTally(start.tally, start.slot)),
      overload: this.#overload,
      entryPointBit: (name) => this.#world.entryPointBit(name),
    });
  }

  /** Connections and whatever else is looked at for deadlines. */
  get timedCount(): number {
    return this.#deadlines.size;
  }

  /** Takes what the worker was started with, and says `ready`. It listens from the first switch on, when it is up to date. */
  start(): void {
    const { names, generation } = this.#options.start;
    this.#names.update(names);
    this.#deadlines.start();
    this.#tick();
    this.#measure();
    if (generation !== null) {
      this.#world.prepare(generation);
      this.#world.switch(generation.sequence);
    }
    this.#options.send({ type: "ready", sequence: this.#world.sequence });
  }

  async take(message: ToWorker): Promise<void> {
    switch (message.type) {
      case "prepare":
        return this.#prepare(message.update, message.alone);
      case "switch":
        this.#switch(message.sequence);
        return this.#options.send({ type: "switched", sequence: message.sequence });
      case "forget":
        this.#world.forget(message.sequence);
        return this.entryPoints.forget();
      case "names":
        return this.#names.update(message.names);
      case "drain":
        this.#engine.isDraining = true;
        return;
      case "close":
        return this.#close(message.deadlineMs);
    }
  }

  /** A generation that breaks the format is refused: what runs runs on. */
  async #prepare(update: GenerationUpdate, alone: boolean): Promise<void> {
    const { sequence } = update;
    const answer = { type: "prepared", sequence, problem: null, refusal: null, hasSwitched: false } as const;
    try {
      this.#world.prepare(update);
    } catch (cause) {
      return this.#options.send({ ...answer, refusal: cause instanceof Error ? cause.message : String(cause) });
    }
    const problem = await this.entryPoints.prepare(
      update.entryPoints.filter(({ name }) => update.taken?.includes(name) !== true),
    );
    if (alone) this.#switch(sequence);
    this.#options.send({ ...answer, problem, hasSwitched: alone });
  }

  #switch(sequence: number): void {
    this.#world.switch(sequence);
    this.#engine.sessionMs = this.#world.settings?.drain?.sessionMs ?? this.#engine.timeouts.sessionMs;
    this.entryPoints.switch();
    this.#names.keepOnly(this.#world.hostnames);
  }

  #close(deadlineMs: number): void {
    this.#engine.isDraining = true;
    this.#closesAtMs = this.#options.clock.monotonicMs() + deadlineMs;
    this.entryPoints.close();
    this.pools.retireAll();
    this.#checkClosed();
  }

  /** Looks every 50 ms, since the one whose exchange ends last should not have to know. */
  #checkClosed(): void {
    const { clock, onClosed } = this.#options;
    if (this.entryPoints.busyCount > 0 && clock.monotonicMs() < this.#closesAtMs) {
      clock.after(CLOSE_LOOK_MS, () => this.#checkClosed());
      return;
    }
    this.entryPoints.destroyConnections();
    this.#stopTicking();
    this.#stopMeasuring();
    this.#gauge.stop();
    this.#deadlines.stop();
    this.#engine.access?.log.flush();
    onClosed();
  }

  #tick(): void {
    const { clock, send } = this.#options;
    this.#stopTicking = clock.after(ALIVE_MS, () => {
      const sinceAcceptMs = this.#deadlines.nowMs - this.entryPoints.lastAcceptMs;
      send({ type: "alive", connections: this.entryPoints.connectionCount, lastAcceptMs: clock.now() - sinceAcceptMs });
      const { counters } = this.#engine;
      counters.add(COUNTER.connectionsBusy, this.entryPoints.busyCount - counters.read(COUNTER.connectionsBusy));
      this.#engine.access?.log.flush();
      this.#world.sweep(SWEEP_OBJECTS);
      this.#tick();
    });
  }

  #measure(): void {
    const load = (): Load => this.#gauge.measure(this.entryPoints.connectionCount);
    const measured = load();
    // Garbage is no load.
    const isFull = this.#overload.isOverMemory(measured) && this.#gauge.collect();
    this.#overload.look(isFull ? load() : measured);
    this.#stopMeasuring = this.#options.clock.after(LOAD_MS, () => this.#measure());
  }

  #unbuildable(id: string, reason: string): void {
    this.#log("error", "a resource cannot be made live; what needs it answers 503", { id, reason });
  }

  #log(level: "info" | "warn" | "error", message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.send({ type: "log", level, message, fields });
  }
}

const CLOSE_LOOK_MS = 50;
