import { describe, expect, test } from "vitest";
import { GATE_RATIO_MAX, judge } from "./gate-verdict.ts";

describe("the gate's verdict", () => {
  test("the same cost passes, and so does anything up to the threshold", () => {
    expect(judge("c", [0.9, 1, 1.1]).isSlower).toBe(false);
    expect(judge("c", [GATE_RATIO_MAX, GATE_RATIO_MAX, GATE_RATIO_MAX]).isSlower).toBe(false);
  });

  test("a cost beyond the threshold in nearly all repeats fails", () => {
    expect(judge("c", [1.11, 1.12, 1.3, 1.15]).isSlower).toBe(true);
    expect(judge("c", [0.95, 1.12, 1.3, 1.15])).toMatchObject({ isSlower: true, slowerShare: 0.75 });
  });

  test("a median beyond the threshold that many repeats contradict passes", () => {
    expect(judge("c", [0.9, 0.95, 1.2, 1.2, 1.2])).toMatchObject({ isSlower: false, median: 1.2, slowerShare: 0.6 });
  });

  test("nothing measured is no pass", () => {
    expect(() => judge("c", [])).toThrow("nothing to judge by");
    expect(() => judge("c", [1, Number.NaN])).toThrow("nothing to judge by");
  });
});
