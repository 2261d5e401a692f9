import { expect, test } from "vitest";
import { floors, memoryOf, slopePerMinute } from "./memory.ts";

const points = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * 1_000, value: value(index) }));

test("a steady growth is its slope, a level has none", () => {
  expect(slopePerMinute(points(60, (index) => 100 + index * 0.5))).toBeCloseTo(30);
  expect(slopePerMinute(points(60, () => 7))).toBe(0);
  expect(slopePerMinute(points(5_000, (index) => index))).toBeCloseTo(60);
});

test("a few outliers do not move a slope", () => {
  expect(slopePerMinute(points(100, (index) => (index % 10 === 9 ? 500 : 50)))).toBe(0);
});

test("there is no slope of one point", () => {
  expect(slopePerMinute(points(1, () => 1))).toBeNaN();
});

test("the floor of a saw is what each collection leaves", () => {
  const saw = points(40, (index) => 10 + Math.floor(index / 10) + (index % 10));
  expect(floors(saw, 10_000).map(({ value }) => value)).toEqual([10, 11, 12, 13]);
});

test("a process has memory, one that is gone has none", () => {
  const memory = memoryOf(process.pid);
  if (process.platform === "linux") expect(memory?.pssMib).toBeGreaterThan(10);
  expect(memoryOf(2 ** 30)).toBeNull();
});
