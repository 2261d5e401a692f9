import { expect, test } from "vitest";
import { type Load, OVERLOAD_STATES, Overload, type OverloadMarks } from "./overload.ts";

const MARKS: OverloadMarks = { heapShare: [0.5, 0.8], externalBytes: [100, 200], connections: [10, 20], loopDelayMs: [50, 500] };
const IDLE: Load = { heapShare: 0.1, externalBytes: 10, connections: 1, loopDelayMs: 0 };

/** The states that a worker goes through under these loads, one after the other, each with its cause. */
function states(...loads: readonly Partial<Load>[]): readonly string[] {
  const said: string[] = [];
  const overload = new Overload(MARKS, (level, cause) => said.push(`${OVERLOAD_STATES[level]} ${cause}`));
  for (const load of loads) overload.look({ ...IDLE, ...load });
  return said;
}

test.for([
  ["heapShare", 0.49, 0.5, 0.8],
  ["externalBytes", 99, 100, 200],
  ["connections", 9, 10, 20],
  ["loopDelayMs", 49, 50, 500],
] as const)("%s: below the first mark nothing, at it strained, at the second shedding", ([kind, below, first, second]) => {
  expect(states({ [kind]: below }, { [kind]: first }, { [kind]: second })).toEqual([`strained ${kind}`, `shedding ${kind}`]);
  expect(states({ [kind]: second })).toEqual([`shedding ${kind}`]);
});

test("a mark is left a tenth below it, and one at a time", () => {
  const loads = [20, 19, 18, 17, 10, 9, 8].map((connections) => ({ connections }));
  expect(states(...loads)).toEqual(["shedding connections", "strained connections", "normal connections"]);
  expect(states({ connections: 20 }, { connections: 18 })).toEqual(["shedding connections"]);
  expect(states({ connections: 10 }, { connections: 9 })).toEqual(["strained connections"]);
});

test("the highest load by its marks decides, and is named", () => {
  expect(states({ connections: 12, loopDelayMs: 600 }, { connections: 12, loopDelayMs: 0 })).toEqual([
    "shedding loopDelayMs",
    "strained connections",
  ]);
});

test("memory is worth a collection where it would raise the state, or keeps it from falling", () => {
  const overload = new Overload(MARKS, () => {});
  expect(overload.isOverMemory({ ...IDLE, heapShare: 0.49 })).toBe(false);
  expect(overload.isOverMemory({ ...IDLE, heapShare: 0.5 })).toBe(true);
  overload.look({ ...IDLE, heapShare: 0.5 });
  expect(overload.isOverMemory({ ...IDLE, heapShare: 0.46 })).toBe(true);
  expect(overload.isOverMemory({ ...IDLE, heapShare: 0.44 })).toBe(false);
  expect(overload.isOverMemory({ ...IDLE, connections: 100 })).toBe(false);
});
