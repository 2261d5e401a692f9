import { expect, test } from "vitest";
import { parseDurationMs } from "./duration.ts";

test.for([
  ["0s", 0],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["2h", 7_200_000],
  ["0.5h", 1_800_000],
  ["1.5s", 1_500],
  ["1us", 1],
  ["1001µs", 2],
  ["1h1m1s1ms", 3_661_001],
] as const)("%s are %d milliseconds", ([text, ms]) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.for(["", "5", "s", "-1s", "1 s", "1d", "1s2"])("%j is no duration", (text) => {
  expect(parseDurationMs(text)).toBeNull();
});
