import type { Parameters } from "fast-check";

/** Seconds that all fuzzers of the HTTP engine take together; more by `FUZZ_SECONDS`, for a longer hunt. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 20);

/** A fuzzer that takes its `share` (0 to 1) of the time there is, and at most so many runs as nobody gets to. */
export function timeFor<T>(share: number): Parameters<T> {
  return {
    numRuns: 100_000_000,
    interruptAfterTimeLimit: budgetMs(share),
    markInterruptAsFailure: false,
    ...(process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }),
  };
}

/** What a test with such a fuzzer may take: as much again to make a failure small, and to start and stop. */
export function testTimeoutMs(share: number): number {
  return 2 * budgetMs(share) + 60_000;
}

function budgetMs(share: number): number {
  return SECONDS * 1_000 * share;
}
