import { expect, test } from "vitest";
import { CASES } from "./cases.ts";
import { rowsOf, type Sample } from "./figures.ts";
import { GOALS, goalCells } from "./goals.ts";

function sample(target: string, repeat: number, cpuUs: number, wrong: string | null = null): Sample {
  const rest = { userUs: 1, systemUs: 1, perSecond: 1, p50Ms: 1, p99Ms: 1, p999Ms: 1 };
  return { caseName: "close", target, repeat, cpuUs, wrong, ...rest };
}

const nginx = [sample("nginx", 0, 10), sample("nginx", 1, 10), sample("nginx", 2, 10)];

test("every goal is of a case there is", () => {
  const names = CASES.map(({ name }) => name);
  expect(GOALS.filter(({ caseName }) => !names.includes(caseName))).toEqual([]);
});

test("a goal is met by the median, and a miss says whether some repeats met it", () => {
  const verdictOf = (cpus: readonly number[]) =>
    goalCells(rowsOf([...nginx, ...cpus.map((cpu, i) => sample("fairway", i, cpu))]))[1];
  expect(verdictOf([13, 14, 20])).toEqual(["close to nginx", "1.40", "1.40", "1.30-2.00", "met"]);
  expect(verdictOf([13, 15, 20])?.[4]).toBe("missed; met in some repeats");
  expect(verdictOf([15, 15, 20])?.[4]).toBe("missed");
});

test("what is void counts neither way", () => {
  expect(goalCells(rowsOf([...nginx, sample("fairway", 0, 1, "502")]))).toHaveLength(1);
  expect(goalCells(rowsOf([sample("nginx", 0, 10, "502"), sample("fairway", 0, 1)]))).toHaveLength(1);
});
