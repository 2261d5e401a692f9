import { expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { BuildLink } from "./build-link.ts";

/** A thread that does this with a message. */
function threadThat(does: string): URL {
  const code = `import { parentPort } from "node:worker_threads"; parentPort.on("message", (message) => { ${does} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

const SILENT = threadThat("");

/** Answers what it is asked, and logs what else it hears, until it is closed. */
const REPEATING = threadThat(`
  const { type, request } = message;
  if (type === "close") parentPort.close();
  parentPort.postMessage(type === "describe" ? { type: "described", request, json: "" } : { type: "log", fields: message });
`);

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

test("what is live is told with the next message, the newest alone, or after a second", async () => {
  const timers = new Set<() => void>();
  const after: Clock["after"] = (_, run) => {
    timers.add(run);
    return () => void timers.delete(run);
  };
  const heard: unknown[] = [];
  const link = new BuildLink({
    url: REPEATING,
    start: { stateDirectory: null, stateKeyFile: null },
    clock: { now: () => 0, monotonicMs: () => 0, after },
    onLog: ({ fields }) => heard.push(fields),
    onEnded: () => {},
  });
  link.commit(1);
  link.commit(2);
  expect(timers.size).toBe(1);
  await link.describe();
  expect(heard).toEqual([{ type: "commit", sequence: 2 }]);
  expect(timers.size).toBe(0);
  link.commit(3);
  for (const run of timers) run();
  await expect
    .poll(() => heard)
    .toEqual([
      { type: "commit", sequence: 2 },
      { type: "commit", sequence: 3 },
    ]);
  await link.close(0);
});
