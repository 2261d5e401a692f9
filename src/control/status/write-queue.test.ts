import { expect, test } from "vitest";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { ApiError, ApiUnreachable } from "../api/api.ts";
import { WriteQueue } from "./write-queue.ts";

/** A queue whose writes are noted with their time; `write` says what becomes of each. */
function queueOf(write: (key: string) => Promise<boolean> | boolean = () => true, perSecond = 10, burst = 5) {
  const time = new SimulatedTime();
  const done: string[] = [];
  const queue = new WriteQueue({
    clock: new ProcessClock(time),
    perSecond,
    burst,
    write: async (key) => {
      done.push(`${key}@${time.nowMs}`);
      return write(key);
    },
  });
  queue.open();
  return { queue, time, done };
}

const keys = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `k${index}`);

test("a burst goes out at once, and the rest at the rate", async () => {
  const { queue, time, done } = queueOf();
  for (const key of keys(8)) queue.add(key, "backlog");
  await time.pass(0);
  expect(done).toHaveLength(5);
  await time.pass(299);
  expect(done).toHaveLength(7);
  await time.pass(1);
  expect(done).toHaveLength(8);
  expect(queue.size).toBe(0);
});

test("a long rest saves no more than a burst", async () => {
  const { queue, time, done } = queueOf();
  await time.pass(60_000);
  for (const key of keys(10)) queue.add(key, "fresh");
  await time.pass(0);
  expect(done).toHaveLength(5);
});

test("what is fresh comes before the backlog, also when it was in it", async () => {
  const { queue, time, done } = queueOf(undefined, 10, 1);
  for (const key of ["first", "b1", "b2", "b3"]) queue.add(key, "backlog");
  queue.add("b3", "fresh");
  queue.add("f1", "fresh");
  queue.add("f1", "backlog");
  await time.pass(1_000);
  expect(done.map((one) => one.split("@")[0])).toEqual(["first", "b3", "f1", "b1", "b2"]);
});

test("what needs no request takes nothing of the rate", async () => {
  const { queue, time, done } = queueOf((key) => key === "k19", 10, 1);
  for (const key of keys(20)) queue.add(key, "fresh");
  await time.pass(1);
  expect(done).toHaveLength(20);
});

test("a key is written by one at a time, and once more when it came again meanwhile", async () => {
  const waiting: (() => void)[] = [];
  const { queue, time, done } = queueOf(() => new Promise((resolve) => waiting.push(() => resolve(true))));
  queue.add("a", "fresh");
  await time.pass(0);
  for (let round = 0; round < 3; round += 1) queue.add("a", "backlog");
  await time.pass(100);
  expect(done).toHaveLength(1);
  waiting.shift()?.();
  await time.pass(0);
  expect(done).toHaveLength(2);
  waiting.shift()?.();
  await time.pass(1_000);
  expect(done).toHaveLength(2);
});

test("no more than 16 are under way", async () => {
  const { queue, time, done } = queueOf(() => new Promise(() => {}), 1_000, 100);
  for (const key of keys(50)) queue.add(key, "fresh");
  await time.pass(1_000);
  expect(done).toHaveLength(16);
});

test("a key that fails for itself waits longer each time, and holds up no other", async () => {
  const { queue, time, done } = queueOf((key) => {
    if (key === "bad") throw new ApiError(422, "Invalid", "no");
    return true;
  });
  queue.add("bad", "fresh");
  await time.pass(0);
  queue.add("good", "fresh");
  queue.add("bad", "fresh");
  await time.pass(60_000);
  const times = done.filter((one) => one.startsWith("bad")).map((one) => Number(one.split("@")[1]));
  expect(done).toContain("good@0");
  expect(times.length).toBeGreaterThan(4);
  expect(times.length).toBeLessThan(12);
  queue.retryNow("bad");
  queue.add("bad", "fresh");
  await time.pass(0);
  expect(done.at(-1)).toBe("bad@60000");
});

test("when the API server is not there everything waits, as long as it says", async () => {
  const errors: unknown[] = [new ApiUnreachable("refused"), new ApiError(429, "TooManyRequests", "slow", 5_000)];
  const { queue, time, done } = queueOf(
    () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return true;
    },
    10,
    1,
  );
  queue.add("a", "fresh");
  await time.pass(2_000);
  queue.add("b", "fresh");
  await time.pass(2_000);
  expect(done).toHaveLength(2);
  await time.pass(10_000);
  expect(done.map((one) => one.split("@")[0])).toEqual(["a", "a", "a", "b"]);
  expect(Number(done[2]?.split("@")[1]) - Number(done[1]?.split("@")[1])).toBeGreaterThanOrEqual(5_000);
});

test("a closed queue forgets, breaks off, and takes nothing", async () => {
  const { queue, time, done } = queueOf(undefined, 10, 1);
  for (const key of keys(5)) queue.add(key, "fresh");
  await time.pass(0);
  queue.close();
  queue.add("late", "fresh");
  await time.pass(10_000);
  expect(done).toHaveLength(1);
  queue.open();
  queue.add("again", "fresh");
  await time.pass(0);
  expect(done).toHaveLength(2);
});
