import { expect, test } from "vitest";
import { Timeline } from "./timeline.ts";

test("until a change is live a request may meet both what was and what comes, then only what came", () => {
  const line = new Timeline("a");
  line.change("b", 100);
  expect(line.possible(50, 99)).toEqual(["a"]);
  expect(line.possible(50, 100)).toEqual(["a", "b"]);
  expect(line.possible(500, 600)).toEqual(["a", "b"]);
  line.settle(700);
  expect(line.possible(500, 600)).toEqual(["a", "b"]);
  expect(line.possible(700, 800), "sent as it became live").toEqual(["a", "b"]);
  expect(line.possible(701, 800)).toEqual(["b"]);
  expect(line.latest).toBe("b");
});

test("a change that overtakes another settles both", () => {
  const line = new Timeline(1);
  line.change(2, 10);
  line.change(3, 20);
  line.settle(30);
  expect(line.possible(25, 26)).toEqual([1, 2, 3]);
  expect(line.possible(31, 32)).toEqual([3]);
});

test("what ended long ago is forgotten, what is live never", () => {
  const line = new Timeline(0);
  for (let i = 1; i <= 1_000; i++) {
    line.change(i, i * 1_000);
    line.settle(i * 1_000);
  }
  expect(line.possible(0, Number.POSITIVE_INFINITY).length).toBeLessThan(200);
  expect(line.possible(1_000_001, 2_000_000)).toEqual([1_000]);
});
