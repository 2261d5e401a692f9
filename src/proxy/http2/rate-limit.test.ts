import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

test("a burst passes at once, and then so many a second", () => {
  const limit = new RateLimit(3, 2, 0);
  expect([0, 0, 0, 0].map((nowMs) => limit.take(nowMs))).toEqual([true, true, true, false]);
  expect(limit.take(999)).toBe(false);
  expect(limit.take(3_000)).toBe(true);
});

test("a long silence allows for no more than the burst", () => {
  const limit = new RateLimit(2, 1, 0);
  expect([9_000, 9_000, 9_000].map((nowMs) => limit.take(nowMs))).toEqual([true, true, false]);
});

test("what is given back counts up to the burst", () => {
  const limit = new RateLimit(10, 0, 0);
  expect(limit.take(0, 8)).toBe(true);
  expect(limit.take(0, -100)).toBe(true);
  expect([limit.take(0, 10), limit.take(0, 1)]).toEqual([true, false]);
});
