import { afterEach, expect, test } from "vitest";
import { until } from "../channel/world.ts";
import { Load } from "../dev/ask.ts";
import { startRealProxy } from "./real-proxy.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("a drain under load fails no request, on new connections or old ones", async () => {
  const drain = { delayMs: 800, quietMs: 300, quietMostMs: 5_000, deadlineMs: 5_000 };
  const { supervisor, port } = await startRealProxy(cleanups, { drain });
  const load = new Load(port, "site.localhost", 8);
  await until("it is under load", () => load.count > 200);
  const stopped = supervisor.stop();
  const before = load.count;
  await until("it was asked on", () => load.count > before + 200);
  expect([...(await load.stop()).keys()]).toEqual(["200 blue"]);
  await stopped;
});
