import type { FairwayPair } from "./fairway-pair.ts";
import { floors, memoryOf, type Point, slopePerMinute } from "./memory.ts";
import { soakMs } from "./soak-clock.ts";

const SAMPLE_MS = 1_000;
/** What collections leave is looked for in stretches of this length. */
const STRETCH_MS = 20_000;

/** What becomes of a figure over time, in MiB. */
export interface Trend {
  readonly name: string;
  /** The least of each half since the warm-up: what is garbage comes and goes within minutes. */
  readonly firstMib: number;
  readonly lastMib: number;
  /** Change per minute, since the warm-up. */
  readonly perMinuteMib: number;
}

/** Samples the memory of a pair until it is stopped. */
export class MemoryWatch {
  readonly #pair: FairwayPair;
  readonly #pss: Point[] = [];
  readonly #rss: Point[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pair: FairwayPair) {
    this.#pair = pair;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Of the proxy's process, and of the heap of the worker that lived longest, since `warmMs` after the start of each. */
  trends(warmMs: number): readonly Trend[] {
    const heaps = [...this.#pair.heaps.values()].sort((a, b) => b.length - a.length);
    return [
      trend("proxy, PSS", this.#pss, warmMs),
      trend("proxy, RSS", this.#rss, warmMs),
      ...heaps.slice(0, 1).map((points) => trend("heap of the oldest worker", points, warmMs)),
    ];
  }

  #sample(): void {
    const memory = memoryOf(this.#pair.proxy.pid);
    if (memory === null) return;
    this.#pss.push({ atMs: soakMs(), value: memory.pssMib });
    this.#rss.push({ atMs: soakMs(), value: memory.rssMib });
  }
}

function trend(name: string, points: readonly Point[], warmMs: number): Trend {
  const sinceMs = (points[0]?.atMs ?? 0) + warmMs;
  const least = floors(
    points.filter(({ atMs }) => atMs >= sinceMs),
    STRETCH_MS,
  );
  const half = Math.ceil(least.length / 2);
  const [firstMib, lastMib] = [leastOf(least.slice(0, half)), leastOf(least.slice(half))];
  return { name, firstMib, lastMib, perMinuteMib: slopePerMinute(least) };
}

/** NaN where there is none. */
function leastOf(points: readonly Point[]): number {
  return points.length === 0 ? Number.NaN : Math.min(...points.map(({ value }) => value));
}
