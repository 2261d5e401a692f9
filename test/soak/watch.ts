import type { FairwayPair } from "./fairway-pair.ts";
import { floors, memoryOf, type Point, slopePerMinute } from "./memory.ts";
import { soakMs } from "./soak-clock.ts";
import { THREAD_ROLES, type ThreadMemory } from "./thread-memory.ts";

const SAMPLE_MS = 1_000;
/** What collections leave is looked for in stretches of this length. */
const STRETCH_MS = 20_000;

/** What the process has of the system. */
const PSS = "proxy, PSS";
/** What it has need of: all but what its allocator keeps free. */
const IN_USE = "proxy, in use";

/** Figures of threads, as the report names them. */
const FIGURES: Readonly<Record<keyof ThreadMemory, string>> = {
  usedMib: "heap used",
  heldMib: "heap held",
  externalMib: "external",
  buffersMib: "array buffers",
};

/** What becomes of a figure over time, in MiB. */
export interface Trend {
  readonly name: string;
  /** Whether its growth is held against the run; the others tell what it is that grows. */
  readonly isJudged: boolean;
  /** The least of each half since the warm-up: what is garbage comes and goes within minutes. */
  readonly firstMib: number;
  readonly lastMib: number;
  /** Change per minute, since the warm-up. */
  readonly perMinuteMib: number;
}

/** Samples the memory of a pair, whose proxy has so many workers, until it is stopped. */
export class MemoryWatch {
  readonly #pair: FairwayPair;
  readonly #workers: number;
  readonly #beganMs = soakMs();
  readonly #series = new Map<string, Point[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(pair: FairwayPair, workers: number) {
    this.#pair = pair;
    this.#workers = workers;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Of the process and of its threads by what they do, from `warmMs` after the start. What was not seen in both halves has none. */
  trends(warmMs: number): readonly Trend[] {
    const judged = this.#series.has(IN_USE) ? IN_USE : PSS;
    return [...this.#series]
      .map(([name, points]) => trendOf(name, name === judged, points, this.#beganMs + warmMs))
      .filter(({ firstMib, lastMib }) => !Number.isNaN(firstMib + lastMib));
  }

  /** Every sample as a line: name, seconds since the start, MiB, with tabs between. */
  samples(): string {
    const line = (name: string, { atMs, value }: Point): string =>
      `${name}\t${((atMs - this.#beganMs) / 1_000).toFixed(1)}\t${value.toFixed(2)}\n`;
    return [...this.#series].flatMap(([name, points]) => points.map((point) => line(name, point))).join("");
  }

  #sample(): void {
    const atMs = soakMs();
    const memory = memoryOf(this.#pair.proxy.pid);
    if (memory === null) return;
    const { malloc, memories } = this.#pair;
    if (malloc !== null) this.#add(IN_USE, memory.pssMib - malloc.freeMib, atMs);
    this.#add(PSS, memory.pssMib, atMs);
    this.#add("proxy, RSS", memory.rssMib, atMs);
    this.#add("proxy, own pages", memory.anonymousMib, atMs);
    if (malloc !== null) {
      this.#add("malloc, in use", malloc.inUseMib, atMs);
      this.#add("malloc, free", malloc.freeMib, atMs);
    }
    for (const role of THREAD_ROLES)
      this.#addThreads(role, memories.sum(role, role === "workers" ? this.#workers : 1, atMs), atMs);
  }

  #addThreads(role: string, memory: ThreadMemory | null, atMs: number): void {
    if (memory === null) return;
    for (const [figure, name] of Object.entries(FIGURES) as [keyof ThreadMemory, string][])
      this.#add(`${role}, ${name}`, memory[figure], atMs);
  }

  #add(name: string, value: number, atMs: number): void {
    const points = this.#series.get(name);
    if (points === undefined) this.#series.set(name, [{ atMs, value }]);
    else points.push({ atMs, value });
  }
}

function trendOf(name: string, isJudged: boolean, points: readonly Point[], sinceMs: number): Trend {
  const least = floors(
    points.filter(({ atMs }) => atMs >= sinceMs),
    STRETCH_MS,
  );
  const half = Math.ceil(least.length / 2);
  const [firstMib, lastMib] = [leastOf(least.slice(0, half)), leastOf(least.slice(half))];
  return { name, isJudged, firstMib, lastMib, perMinuteMib: slopePerMinute(least) };
}

/** NaN where there is none. */
function leastOf(points: readonly Point[]): number {
  return points.length === 0 ? Number.NaN : Math.min(...points.map(({ value }) => value));
}
