import { spread } from "./figures.ts";

/**
 * What a case may cost more than before, CPU per request, by the median of the repeats' ratios. Of a commit held against itself on a machine
 * under heavy load the medians were 0.96 to 1.10 (docs/performance.md).
 */
export const GATE_RATIO_MAX = 1.1;

/**
 * Share of the repeats that must be slower for a median to count: one disturbed stretch of time is not a slower program. By luck alone 12
 * or more of 15 are slower in less than two of a hundred cases.
 */
export const GATE_SLOWER_SHARE = 0.75;

/** What the ratios of a case come to. */
export interface Verdict {
  readonly caseName: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Share of repeats in which the new one cost more. */
  readonly slowerShare: number;
  readonly isSlower: boolean;
}

/** Judges one case by its ratios of new to old, a repeat each. Throws when there are none: nothing measured is no pass. */
export function judge(caseName: string, ratios: readonly number[]): Verdict {
  if (ratios.length === 0 || ratios.some((ratio) => !(ratio > 0))) throw new Error(`${caseName}: nothing to judge by`);
  const slowerShare = ratios.filter((ratio) => ratio > 1).length / ratios.length;
  const { median, low, high } = spread(ratios);
  return { caseName, median, low, high, slowerShare, isSlower: median > GATE_RATIO_MAX && slowerShare >= GATE_SLOWER_SHARE };
}
