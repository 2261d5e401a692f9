import { expect, test } from "vitest";
import { seededRandom } from "../scenario/changes/change-script.ts";
import { meanInterval } from "./interval.ts";

test("equal values have an interval of no width", () => {
  expect(meanInterval([3, 3, 3])).toEqual({ mean: 3, low: 3, high: 3 });
});

test("the interval of known values is what a table of Student's t says", () => {
  const { mean, low, high } = meanInterval([1, 2, 3, 4, 5]);
  expect(mean).toBe(3);
  expect(high - mean).toBeCloseTo(2.1 * Math.sqrt(2.5 / 5), 10);
  expect(mean - low).toBeCloseTo(high - mean, 10);
});

test("about 19 of 20 intervals hold the true mean", () => {
  const random = seededRandom(7);
  const holds = Array.from({ length: 1_000 }, () => {
    const { low, high } = meanInterval(Array.from({ length: 40 }, () => random()));
    return low <= 0.5 && 0.5 <= high;
  });
  const share = holds.filter(Boolean).length / holds.length;
  expect(share).toBeGreaterThan(0.92);
  expect(share).toBeLessThan(0.985);
});
