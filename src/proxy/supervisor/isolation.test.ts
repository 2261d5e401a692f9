import { expect, test } from "vitest";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { Isolation } from "./isolation.ts";

function setUp(afterMs = 300_000) {
  const time = new SimulatedTime();
  const changes: boolean[] = [];
  const isolation = new Isolation({ clock: new ProcessClock(time), afterMs, onChange: (isIsolated) => changes.push(isIsolated) });
  isolation.start();
  return { time, changes, isolation };
}

test("it begins when nothing was confirmed for the whole time, and ends with the next word", async () => {
  const { time, changes, isolation } = setUp();
  await time.pass(200_000);
  isolation.confirm();
  await time.pass(299_999);
  expect(changes).toEqual([]);
  await time.pass(2);
  expect([changes, isolation.isIsolated]).toEqual([[true], true]);
  await time.pass(900_000);
  expect(changes).toEqual([true]);
  isolation.confirm();
  expect(changes).toEqual([true, false]);
  await time.pass(600_001);
  expect(changes).toEqual([true, false, true]);
});

test("0 is never; a class that says another time is followed at once, and back", async () => {
  const never = setUp(0);
  await never.time.pass(1e9);
  expect(never.changes).toEqual([]);

  const { time, changes, isolation } = setUp();
  await time.pass(20_000);
  isolation.setAfter(10_000);
  expect(changes).toEqual([true]);
  isolation.setAfter(null);
  isolation.confirm();
  await time.pass(200_000);
  expect(changes).toEqual([true, false]);
  isolation.setAfter(100_000);
  expect(changes).toEqual([true, false, true]);
  isolation.setAfter(0);
  expect(changes).toEqual([true, false, true, false]);
});
