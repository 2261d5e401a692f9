import { readFileSync } from "node:fs";

/** A value at a time. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** Memory of a process in MiB. */
export interface ProcessMemory {
  readonly rssMib: number;
  /** Shared pages count by their share. */
  readonly pssMib: number;
  /** Pages of no file: heaps, buffers, stacks. They are its own. */
  readonly anonymousMib: number;
}

/** Null when the process is gone. Linux. */
export function memoryOf(pid: number): ProcessMemory | null {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) / 1_024;
    return { rssMib: mib("Rss"), pssMib: mib("Pss"), anonymousMib: mib("Anonymous") };
  } catch {
    return null;
  }
}

/** The most points a slope is found from: all pairs of them are looked at. */
const POINTS_MAX = 400;

/** Change per minute: the median slope of all pairs (Theil and Sen), which outliers such as a worker's start do not move. NaN for less than two. */
export function slopePerMinute(points: readonly Point[]): number {
  const some = thinned(points);
  const slopes: number[] = [];
  for (let i = 0; i < some.length; i++) {
    for (let j = i + 1; j < some.length; j++) {
      const [a, b] = [some[i] as Point, some[j] as Point];
      if (b.atMs > a.atMs) slopes.push(((b.value - a.value) / (b.atMs - a.atMs)) * 60_000);
    }
  }
  slopes.sort((a, b) => a - b);
  return slopes.length === 0 ? Number.NaN : (slopes[Math.floor(slopes.length / 2)] as number);
}

/** The least value of each stretch of time: of a heap, what collections leave. */
export function floors(points: readonly Point[], stretchMs: number): readonly Point[] {
  const least = new Map<number, Point>();
  for (const point of points) {
    const stretch = Math.floor(point.atMs / stretchMs);
    const known = least.get(stretch);
    if (known === undefined || point.value < known.value) least.set(stretch, point);
  }
  return [...least.values()];
}

function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / POINTS_MAX);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0);
}
