import { percentile } from "../contract.ts";

/** What one load on one target came to. */
export interface Sample {
  readonly caseName: string;
  readonly target: string;
  readonly repeat: number;
  /** CPU time per request, and how much of it is the program's own and the kernel's. */
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** What went wrong, in words; null when all answers were as they should be. */
  readonly wrong: string | null;
}

/** A median, and the range in which it lies. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** One target in one case, over all repeats. */
export interface Row {
  readonly caseName: string;
  readonly target: string;
  readonly repeats: number;
  readonly cpuUs: Spread;
  readonly userUs: number;
  readonly systemUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Its CPU per request to that of others, by their names: of the ratios of each repeat. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** The ratios themselves, a repeat each. */
  readonly ratiosOf: Readonly<Record<string, readonly number[]>>;
  /** The first thing that went wrong: the row is void. */
  readonly wrong: string | null;
}

/** Median, lowest and highest; NaN when there are none. The median of an even number is the mean of the two in the middle. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return { median: median ?? Number.NaN, low: percentile(sorted, 0), high: percentile(sorted, 1) };
}

/** Rows of one case, a target each, in the order in which targets first appear. */
export function rowsOf(samples: readonly Sample[]): readonly Row[] {
  const targets = [...new Set(samples.map(({ target }) => target))];
  return targets.map((target) => {
    const own = samples.filter((sample) => sample.target === target);
    const median = (of: (sample: Sample) => number) => spread(own.map(of)).median;
    const others = targets.filter((other) => other !== target);
    const ratiosOf = Object.fromEntries(
      others.map((other) => [
        other,
        ratios(
          own,
          samples.filter((one) => one.target === other),
        ),
      ]),
    );
    return {
      caseName: own[0]?.caseName ?? "",
      target,
      repeats: own.length,
      cpuUs: spread(own.map(({ cpuUs }) => cpuUs)),
      userUs: median(({ userUs }) => userUs),
      systemUs: median(({ systemUs }) => systemUs),
      perSecond: median(({ perSecond }) => perSecond),
      p50Ms: median(({ p50Ms }) => p50Ms),
      p99Ms: median(({ p99Ms }) => p99Ms),
      p999Ms: median(({ p999Ms }) => p999Ms),
      ratios: Object.fromEntries(Object.entries(ratiosOf).map(([name, values]) => [name, spread(values)])),
      ratiosOf,
      wrong: own.find(({ wrong }) => wrong !== null)?.wrong ?? null,
    };
  });
}

/** Of CPU per request, repeat by repeat: the two ran right after each other. Repeats that one of them lacks do not count. */
export function ratios(own: readonly Sample[], others: readonly Sample[]): readonly number[] {
  return own.flatMap(({ repeat, cpuUs }) => {
    const other = others.find((sample) => sample.repeat === repeat);
    return other === undefined ? [] : [cpuUs / other.cpuUs];
  });
}
