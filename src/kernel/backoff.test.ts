import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("the pause doubles up to its most, and starts over after a reset", () => {
  const backoff = new Backoff(100, 800, () => 1);
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400, 800, 800]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

test("jitter takes off at most half", () => {
  const backoff = new Backoff(100, 800, () => 0);
  expect([backoff.next(), backoff.next()]).toEqual([50, 100]);
});
