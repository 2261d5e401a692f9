import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { LoadGauge } from "./load-gauge.ts";

/** Longer than a measurement has to be to know whether the loop was busy, and to time it a few times. */
const LOOK_MS = 400;
const TURN_MS = 100;

/** Turns of the loop that take as long as they should not. */
async function toil(): Promise<void> {
  const endMs = performance.now() + LOOK_MS;
  while (performance.now() < endMs) {
    const turnMs = performance.now() + TURN_MS;
    while (performance.now() < turnMs);
    await nextTurn();
  }
}

test("the loop's delay is seen while it lasts, and is none in a thread that is idle", async () => {
  const gauge = new LoadGauge(systemClock);
  onTestFinished(() => gauge.stop());
  const delays: number[] = [];
  for (const work of [sleep, toil, toil, toil, sleep, sleep]) {
    await work(LOOK_MS);
    delays.push(gauge.measure(0).loopDelayMs);
  }
  const [idle, , , busy, , over] = delays;
  expect(idle).toBe(0);
  expect(busy).toBeGreaterThan(TURN_MS / 4);
  expect(over).toBe(0);
});
