import { expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { BuildLink } from "./build-link.ts";

/** A thread that hears everything and says nothing. */
const SILENT = new URL(
  `data:text/javascript,${encodeURIComponent('import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});')}`,
);

test("a build thread that does not answer is ended, and whoever waits is told", async () => {
  const timers: (() => void)[] = [];
  const after: Clock["after"] = (_, run) => {
    timers.push(run);
    return () => {};
  };
  const clock: Clock = { now: () => 0, monotonicMs: () => 0, after };
  const ended: string[] = [];
  const link = new BuildLink({
    url: SILENT,
    start: { stateDirectory: null, stateKeyFile: null },
    clock,
    onLog: () => {},
    onEnded: (reason) => ended.push(reason),
  });
  const asked = link.restore();
  timers[0]?.();
  await expect(asked).rejects.toThrow("the build thread ended: it did not answer within 120000 ms");
  expect(ended).toEqual(["it did not answer within 120000 ms"]);
  await expect(link.restore()).rejects.toThrow("the build thread ended");
});
