import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { TimeSlice } from "./time-slice.ts";

test("a slice is over after its time, and another begins once others had their turn", async () => {
  const slice = new TimeSlice(5);
  expect(slice.isOver).toBe(false);
  await sleep(10);
  expect(slice.isOver).toBe(true);
  let hadTurn = false;
  setImmediate(() => {
    hadTurn = true;
  });
  await slice.breathe();
  expect(hadTurn).toBe(true);
  expect(slice.isOver).toBe(false);
});
