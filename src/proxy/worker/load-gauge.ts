import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { resourceLimits } from "node:worker_threads";
import type { Clock } from "../../kernel/clock.ts";
import type { Load } from "./overload.ts";

/** How often the event loop is timed while it is busy. Node does it without JavaScript. */
const RESOLUTION_MS = 50;

/**
 * Share of the time that a loop has to be at work to be timed. One that is idle more often than that has no delay, and to time it would
 * only wake a thread that has nothing to do: twenty times a second cost 4 ms of CPU.
 */
const BUSY_SHARE = 0.5;

/** Garbage is collected for the sake of a measurement at most this often: it may take long. */
const COLLECT_MS = 15_000;

/** Threads started from here on can collect their garbage when they want to. */
export function exposeCollection(): void {
  setFlagsFromString("--expose-gc");
}

/** Measures the thread it is made in. */
export class LoadGauge {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #clock: Clock;
  #formerUse = performance.eventLoopUtilization();
  #formerDelayMs = 0;
  #collectedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  stop(): void {
    this.#delays.disable();
  }

  /**
   * Collects garbage, where that can be asked for (`exposeCollection`) and was not just now; whether it has. A worker that lets nobody in
   * allocates nothing, so nobody else would.
   */
  collect(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (typeof gc !== "function" || nowMs - this.#collectedMs < COLLECT_MS) return false;
    this.#collectedMs = nowMs;
    gc({ type: "major", execution: "sync" });
    return true;
  }

  /**
   * The load since it was measured last. The loop's delay is the median, and the smaller one of the last two: a single stall, of this
   * thread or of the whole machine, is no load.
   */
  measure(connections: number): Load {
    const { heap_size_limit, external_memory } = getHeapStatistics();
    const { maxOldGenerationSizeMb } = resourceLimits;
    const heapLimit = maxOldGenerationSizeMb === undefined ? heap_size_limit : maxOldGenerationSizeMb * 2 ** 20;
    const delayMs = this.#delayMs();
    const loopDelayMs = Math.min(delayMs, this.#formerDelayMs);
    this.#formerDelayMs = delayMs;
    return { heapShare: oldBytes() / heapLimit, externalBytes: external_memory, connections, loopDelayMs };
  }

  /** The loop's delay since this was asked last, where it was timed; from here on it is timed if it was busy until now. */
  #delayMs(): number {
    const delayMs = this.#delays.count === 0 ? 0 : Math.max(0, this.#delays.percentile(50) / 1e6 - RESOLUTION_MS);
    this.#delays.reset();
    const use = performance.eventLoopUtilization();
    if (performance.eventLoopUtilization(use, this.#formerUse).utilization >= BUSY_SHARE) this.#delays.enable();
    else this.#delays.disable();
    this.#formerUse = use;
    return delayMs;
  }
}

/** What the limit of a thread's heap is about: all but the spaces of young objects, which are collected all the time. */
function oldBytes(): number {
  let bytes = 0;
  for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
    if (!space_name.startsWith("new_")) bytes += space_used_size;
  }
  return bytes;
}
