import { describe, expect, test } from "vitest";
import { ratios, rowsOf, type Sample, spread } from "./figures.ts";

function sample(target: string, repeat: number, cpuUs: number, more: Partial<Sample> = {}): Sample {
  const latencies = { p50Ms: 1, p99Ms: 2, p999Ms: 3 };
  return { caseName: "c", target, repeat, cpuUs, userUs: 1, systemUs: 2, perSecond: 100, ...latencies, wrong: null, ...more };
}

describe("figures of a bench", () => {
  test("a spread is the median with its ends, whatever the order", () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, low: 1, high: 4 });
    expect(spread([]).median).toBeNaN();
  });

  test("ratios are of the same repeat, not of medians", () => {
    const own = [sample("a", 0, 10), sample("a", 1, 40), sample("a", 2, 30)];
    const others = [sample("b", 1, 20), sample("b", 0, 10), sample("b", 2, 10)];
    expect(ratios(own, others)).toEqual([1, 2, 3]);
  });

  test("a repeat that the other lacks does not count", () => {
    expect(ratios([sample("a", 0, 10), sample("a", 1, 10)], [sample("b", 1, 5)])).toEqual([2]);
  });

  test("each target has a row with its ratio to each other", () => {
    const [a, b] = rowsOf([sample("a", 0, 10), sample("b", 0, 20), sample("a", 1, 10), sample("b", 1, 40)]);
    expect(a?.ratios).toEqual({ b: { median: 0.375, low: 0.25, high: 0.5 } });
    expect(b?.ratios).toEqual({ a: { median: 3, low: 2, high: 4 } });
    expect(b?.repeats).toBe(2);
  });

  test("one bad sample voids a row", () => {
    const [row] = rowsOf([sample("a", 0, 10), sample("a", 1, 10, { wrong: "3 failed: 502" })]);
    expect(row?.wrong).toBe("3 failed: 502");
  });
});
