import { afterEach, expect, test } from "vitest";
import { until } from "../channel/world.ts";
import { Load } from "../dev/ask.ts";
import { startRealProxy } from "./real-proxy.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("a worker that dies takes only its own connections along, and its successor serves what is live", async () => {
  const { supervisor, port, of } = await startRealProxy(cleanups, {
    threads: {
      worker: new URL("./crashing-worker.ts", import.meta.url),
      build: new URL("../../../src/proxy/build/build-thread.ts", import.meta.url),
    },
  });
  const load = new Load(port, "site.localhost", 8);
  await until("it is under load", () => load.count > 50);
  const calls = new BroadcastChannel("crash");
  cleanups.push(() => calls.close());
  calls.postMessage(0);
  await until("the worker is lost", () => of("workerLost").length === 1);
  await until("its successor is up", () => of("workerReady").length === 3);
  const during = await load.stop();
  expect(of("workerLost")[0]).toMatchObject({ slot: 0, reason: "called out" });
  // What failed was under way, or queued, on the worker that died: at most one request a client.
  const failures = [...during].filter(([outcome]) => outcome !== "200 blue");
  expect(failures.every(([outcome]) => /^failed: (ECONNRESET|ECONNREFUSED)$/.test(outcome))).toBe(true);
  expect(failures.reduce((sum, [, n]) => sum + n, 0)).toBeLessThanOrEqual(8);

  const after = new Load(port, "site.localhost", 8);
  await until("there were many more", () => after.count > 300);
  expect([...(await after.stop()).keys()]).toEqual(["200 blue"]);
  expect(supervisor.metrics()).toContain("\nfairway_workers_live 2\n");
});
