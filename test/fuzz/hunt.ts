import fc from "fast-check";
import { corpusSection } from "./corpus.ts";

/** Seconds that all fuzzers of the HTTP engine take together; more by `FUZZ_SECONDS`, for a longer hunt. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 20);
/** More runs than anybody gets to. */
const RUNS_MAX = 100_000_000;

/**
 * Checks as many bytes as there is time for: `share` (0 to 1) of what all fuzzers have together. `cut` is a place to cut them at, and a
 * source of chance for whatever else there is to choose. `check` answers how many messages it found, and throws when something is wrong;
 * then the smallest bytes are told as a section that can be put into the corpus as it is. `FUZZ_SEED` begins where a run did.
 */
export async function hunt<T extends Uint8Array>(
  bytes: fc.Arbitrary<T>,
  share: number,
  check: (bytes: T, cut: number) => number | Promise<number>,
): Promise<{ readonly runs: number; readonly found: number }> {
  let runs = 0;
  let found = 0;
  // When time is up, fast-check does not wait for the run in hand.
  let inHand: Promise<unknown> = Promise.resolve();
  await fc.assert(
    fc.asyncProperty(bytes, fc.nat(), async (each, chance) => {
      runs++;
      const checked = (async () => check(each, chance % Math.max(1, each.length)))();
      inHand = checked.catch(() => {});
      try {
        found += await checked;
      } catch (error) {
        const section = corpusSection("What a fuzzer failed on", each);
        throw new Error(`${(error as Error).message}\n\nTo keep these bytes, put this into test/fuzz/corpus:\n${section}`, {
          cause: error,
        });
      }
    }),
    {
      numRuns: RUNS_MAX,
      interruptAfterTimeLimit: budgetMs(share),
      markInterruptAsFailure: false,
      ...(process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }),
    },
  );
  await inHand;
  return { runs, found };
}

/** What a test with such a hunt may take: as much again to make a failure small, and to start and stop. */
export function testTimeoutMs(share: number): number {
  return 2 * budgetMs(share) + 60_000;
}

function budgetMs(share: number): number {
  return SECONDS * 1_000 * share;
}
