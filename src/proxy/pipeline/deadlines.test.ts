import { expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { Deadlines, type Timed } from "./deadlines.ts";

function held(): { clock: Clock; advance: (ms: number) => void } {
  let ms = 0;
  const clock: Clock = { now: () => ms, monotonicMs: () => ms, after: () => () => {} };
  return {
    clock,
    advance: (by) => {
      ms += by;
    },
  };
}

function timed(deadlineMs: number, onDeadline: () => void): Timed {
  return { deadlineMs, timedAt: -1, onDeadline };
}

test("what is over is told, what is not is not", () => {
  const { clock, advance } = held();
  const deadlines = new Deadlines(clock);
  const told: string[] = [];
  deadlines.add(timed(1_000, () => told.push("a")));
  deadlines.add(timed(2_000, () => told.push("b")));
  deadlines.add(timed(Number.POSITIVE_INFINITY, () => told.push("c")));
  advance(1_500);
  deadlines.sweep();
  expect(told).toEqual(["a"]);
  expect(deadlines.nowMs).toBe(1_500);
});

test("time in which the worker stood still counts for nobody", () => {
  const { clock, advance } = held();
  const deadlines = new Deadlines(clock);
  const told: string[] = [];
  deadlines.add(timed(1_500, () => told.push("a")));
  advance(60_000);
  deadlines.sweep();
  expect([told, deadlines.nowMs]).toEqual([[], 1_000]);
  advance(1_000);
  deadlines.sweep();
  expect([told, deadlines.nowMs]).toEqual([["a"], 2_000]);
});

test("items may remove themselves and each other while they are told: every other is told once", () => {
  const { clock, advance } = held();
  const deadlines = new Deadlines(clock);
  const told: number[] = [];
  const items: Timed[] = [0, 1, 2, 3, 4, 5].map((n) =>
    timed(0, () => {
      told.push(n);
      deadlines.remove(items[n] as Timed);
      if (n === 4) deadlines.remove(items[1] as Timed);
    }),
  );
  for (const item of items) deadlines.add(item);
  advance(1);
  deadlines.sweep();
  expect(told.toSorted()).toEqual([0, 2, 3, 4, 5]);
  deadlines.sweep();
  expect(told).toHaveLength(5);
  deadlines.remove(items[0] as Timed);
});

test("the date follows the clock", () => {
  const { clock, advance } = held();
  const deadlines = new Deadlines(clock);
  advance(784_111_777_000);
  deadlines.sweep();
  expect(deadlines.date).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
});
