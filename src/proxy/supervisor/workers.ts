import { availableParallelism, totalmem } from "node:os";
import { Backoff } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../telemetry/log.ts";
import { CounterRow, newCounterRow } from "../../telemetry/worker-counters.ts";
import { clearTallyRow, newTally } from "../listen/shared-tally.ts";
import type { ToWorker, WorkerStart } from "../messages.ts";
import { exposeCollection } from "../worker/load-gauge.ts";
import { type OverloadMarks, overloadMarks } from "../worker/overload.ts";
import type { SupervisorTiming } from "./timing.ts";
import { WorkerHandle } from "./worker-handle.ts";

/** How often silent workers are looked for. */
const CHECK_MS = 1_000;

/** Share of the memory left to the supervisor, the build thread and buffers outside of heaps. */
const RESERVED_SHARE = 0.3;

/** Share of the memory that buffers of workers may take together, outside of their heaps. */
const BUFFERS_SHARE = 0.2;
const BUFFERS_LEAST_MB = 32;

const HEAP_LEAST_MB = 64;
const HEAP_MOST_MB = 4_096;

/** Workers lost within `SupervisorTiming.healthyMs` from which on the proxy says that it is not well. */
const LOSSES_TOLERATED = 5;

export interface WorkersOptions {
  readonly count: number;
  readonly url: URL;
  /** What a worker starts with, as of now; what workers share is added here. */
  readonly startWith: () => Omit<WorkerStart, "slot" | "counters" | "tally" | "overloadMarks">;
  /** Absent: those for the memory that there is. */
  readonly overloadMarks?: OverloadMarks | undefined;
  readonly clock: Clock;
  readonly timing: SupervisorTiming;
  readonly log: Logger;
  /** Lines of the access log, for whoever writes it. */
  readonly onAccessLines: (lines: Uint8Array<ArrayBuffer>) => void;
  /** A worker has started: it can be given what is current. */
  readonly onReady: (worker: WorkerHandle) => void;
  /** A worker carries traffic. */
  readonly onLive: (worker: WorkerHandle) => void;
  /** A worker is gone and will be replaced. */
  readonly onLost: (slot: number, reason: string) => void;
}

interface Slot {
  readonly index: number;
  readonly counters: SharedArrayBuffer;
  readonly row: CounterRow;
  readonly backoff: Backoff;
  worker: WorkerHandle | null;
}

/**
 * The worker threads of a proxy: a fixed number. One that dies is replaced; one that falls silent, or does not do what it should, is
 * ended only when its successor listens, in the one slot there is to spare: so they go one at a time, and whatever slows them all down
 * leaves the ports open.
 */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #slots: readonly Slot[];
  readonly #tally: SharedArrayBuffer;
  /** Workers that are to end, and why. They carry traffic until a successor does. */
  readonly #leaving = new Map<WorkerHandle, string>();
  readonly #lossesMs: number[] = [];
  #closing = false;
  #checkedMs = 0;
  #stopChecking: () => void = () => {};
  #onAllLive: () => void = () => {};
  readonly #awaitingReady: (() => void)[] = [];

  constructor(options: WorkersOptions) {
    this.#options = options;
    const { restartFirstMs, restartMostMs } = options.timing;
    exposeCollection();
    this.#tally = newTally(options.count + 1);
    this.#slots = Array.from({ length: options.count + 1 }, (_, index) => {
      const counters = newCounterRow();
      const backoff = new Backoff(restartFirstMs, restartMostMs);
      return { index, counters, row: new CounterRow(counters), backoff, worker: null };
    });
  }

  /** Starts all; resolves when they carry traffic. */
  async start(): Promise<void> {
    const live = new Promise<void>((resolve) => {
      this.#onAllLive = resolve;
    });
    this.#fill();
    this.#check();
    await live;
  }

  /** Those that carry traffic now. */
  get live(): readonly WorkerHandle[] {
    return this.#slots.flatMap(({ worker }) => (worker?.isLive ? [worker] : []));
  }

  /** Those that take the next generation. */
  get ready(): readonly WorkerHandle[] {
    return this.#slots.flatMap(({ worker }) => (worker?.isReady && !this.#leaving.has(worker) ? [worker] : []));
  }

  /** Resolves when there is at least one that takes a generation. */
  async someReady(): Promise<void> {
    while (this.ready.length === 0) await new Promise<void>((resolve) => this.#awaitingReady.push(resolve));
  }

  /** Counters of all slots. */
  get rows(): readonly CounterRow[] {
    return this.#slots.map(({ row }) => row);
  }

  /** Whether workers keep dying. */
  get isFailing(): boolean {
    const sinceMs = this.#options.clock.monotonicMs() - this.#options.timing.healthyMs;
    return this.#lossesMs.filter((lostMs) => lostMs >= sinceMs).length >= LOSSES_TOLERATED;
  }

  /** To every thread, starting ones included. */
  broadcast(message: ToWorker): void {
    for (const { worker } of this.#slots) worker?.post(message);
  }

  /** Ends a worker that does not do what it should: at once when it carries no traffic yet, else when a successor does. */
  replace(worker: WorkerHandle, reason: string): void {
    if (this.#slots[worker.slot]?.worker !== worker || this.#leaving.has(worker)) return;
    this.#leaving.set(worker, reason);
    if (worker.isLive) this.#fill();
    else void worker.terminate();
  }

  /**
   * Ends a worker that carries traffic, as a crash would: that of `slot`, or the one that has run for longest. Null when there is none;
   * its slot otherwise.
   */
  terminate(slot: number | null, reason: string): number | null {
    const candidates = this.live.filter((worker) => slot === null || worker.slot === slot);
    const [worker] = candidates.sort((a, b) => a.startedMs - b.startedMs);
    if (worker === undefined) return null;
    this.#leaving.set(worker, reason);
    void worker.terminate();
    return worker.slot;
  }

  /** Closes listeners and waits until every exchange has ended, at most `deadlineMs`; then no thread is left. */
  async close(deadlineMs: number, graceMs: number): Promise<void> {
    this.#closing = true;
    this.#stopChecking();
    this.broadcast({ type: "close", deadlineMs });
    const workers = this.#slots.flatMap(({ worker }) => worker ?? []);
    await Promise.all(
      workers.map(async (worker) => {
        const cancel = this.#options.clock.after(deadlineMs + graceMs, () => void worker.terminate());
        await worker.exited();
        cancel();
      }),
    );
  }

  /** Starts workers in free slots until there are as many as wanted, not counting those that are to end. */
  #fill(): void {
    if (this.#closing) return;
    for (const slot of this.#slots) {
      const staying = this.#slots.filter(({ worker }) => worker !== null && !this.#leaving.has(worker)).length;
      if (staying === this.#options.count) return;
      if (slot.worker === null) this.#startSlot(slot);
    }
  }

  #startSlot(slot: Slot): void {
    const { startWith, url, clock, timing, log, onReady, count } = this.#options;
    const marks = this.#options.overloadMarks ?? overloadMarks(buffersMb(count) * 2 ** 20);
    slot.worker = new WorkerHandle({
      url,
      start: { ...startWith(), slot: slot.index, counters: slot.counters, tally: this.#tally, overloadMarks: marks },
      heapMb: heapMb(count),
      clock,
      timing,
      events: {
        onReady: (worker) => {
          onReady(worker);
          for (const resolve of this.#awaitingReady.splice(0)) resolve();
        },
        onLive: (worker) => this.#live(worker),
        onExit: (worker, reason) => this.#gone(slot, worker, reason),
        onAccessLines: this.#options.onAccessLines,
        onLog: (worker, line) => log[line.level](line.message, { ...line.fields, worker: worker.slot }),
      },
    });
  }

  /** One more carries traffic: one of those that are to end may go. */
  #live(worker: WorkerHandle): void {
    const { count, onLive } = this.#options;
    onLive(worker);
    if (this.live.length >= count) this.#onAllLive();
    const [leaving] = this.#leaving.keys();
    if (this.live.length > count && leaving !== undefined) void leaving.terminate();
  }

  #gone(slot: Slot, worker: WorkerHandle, exitReason: string): void {
    slot.row.retire();
    clearTallyRow(this.#tally, slot.index);
    slot.worker = null;
    if (this.#closing) return;
    const { clock, timing, onLost } = this.#options;
    const reason = this.#leaving.get(worker) ?? exitReason;
    this.#leaving.delete(worker);
    this.#lossesMs.push(clock.monotonicMs());
    if (this.#lossesMs.length > LOSSES_TOLERATED) this.#lossesMs.shift();
    if (clock.monotonicMs() - worker.startedMs > timing.healthyMs) slot.backoff.reset();
    onLost(slot.index, reason);
    clock.after(slot.backoff.next(), () => this.#fill());
  }

  #check(): void {
    const { clock } = this.#options;
    this.#checkedMs = clock.monotonicMs();
    this.#stopChecking = clock.after(CHECK_MS, () => {
      const nowMs = clock.monotonicMs();
      // When this thread itself was held up, what the workers said meanwhile is still unread: ask again next time.
      if (nowMs - this.#checkedMs < 2 * CHECK_MS) this.#replaceOverdue(nowMs);
      this.#check();
    });
  }

  #replaceOverdue(nowMs: number): void {
    for (const { worker } of this.#slots) {
      if (worker?.isOverdue(nowMs)) this.replace(worker, worker.isLive ? "it fell silent" : "it did not become ready");
    }
  }
}

/** As many workers as cores, as far as this process may use them. */
export function defaultWorkerCount(): number {
  return availableParallelism();
}

/** The heap limit of a worker in MiB: what the process may use, less a reserve, shared out. */
function heapMb(workers: number): number {
  const share = (memoryMb() * (1 - RESERVED_SHARE)) / workers;
  return Math.floor(Math.min(Math.max(share, HEAP_LEAST_MB), HEAP_MOST_MB));
}

/** What the buffers of a worker may take, in MiB. */
function buffersMb(workers: number): number {
  return Math.max((memoryMb() * BUFFERS_SHARE) / workers, BUFFERS_LEAST_MB);
}

function memoryMb(): number {
  // constrainedMemory is 0 or absurdly large where nothing constrains.
  const constrained = process.constrainedMemory();
  return (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()) / 2 ** 20;
}
