import { afterEach, expect, test } from "vitest";
import { until } from "../channel/world.ts";
import { Load } from "../dev/ask.ts";
import { type RealProxy, startRealProxy } from "./real-proxy.ts";

const TERMINATE = "/debug/terminate-worker";
const ADMIN = { host: "127.0.0.1", port: 0 } as const;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("the debug switch ends one worker, which is replaced, and traffic goes on", async () => {
  const proxy = await startRealProxy(cleanups, { admin: ADMIN, debugEndpoints: true });
  const load = new Load(proxy.port, "site.localhost", 4);
  await until("it is under load", () => load.count > 50);

  const terminated = await ask(proxy, TERMINATE, "POST");
  expect(terminated).toMatchObject({ status: 200 });
  const { slot } = JSON.parse(terminated.body) as { slot: number };
  await until("the worker is lost", () => proxy.of("workerLost").length === 1);
  expect(proxy.of("workerLost")[0]).toMatchObject({ slot, reason: "it was terminated through the admin port" });
  await until("its successor is up", () => proxy.of("workerReady").length === 3);
  // At most one request a client: the one that was under way, or queued, on the worker.
  const failures = [...(await load.stop())].filter(([outcome]) => outcome !== "200 blue");
  expect(failures.every(([outcome]) => /^failed: (ECONNRESET|ECONNREFUSED)$/.test(outcome))).toBe(true);
  expect(failures.reduce((sum, [, n]) => sum + n, 0)).toBeLessThanOrEqual(4);

  const after = new Load(proxy.port, "site.localhost", 4);
  await until("there were many more", () => after.count > 100);
  expect([...(await after.stop()).keys()]).toEqual(["200 blue"]);
});

test("the debug switch is for POST alone, and for a worker that is there", async () => {
  const proxy = await startRealProxy(cleanups, { admin: ADMIN, debugEndpoints: true });
  expect(await ask(proxy, TERMINATE, "GET")).toMatchObject({ status: 405, allow: "POST" });
  expect(await ask(proxy, `${TERMINATE}?slot=7`, "POST")).toMatchObject({ status: 404 });
  expect(await ask(proxy, "/metrics", "POST")).toMatchObject({ status: 405, allow: "GET, HEAD" });
  expect(proxy.of("workerLost")).toEqual([]);
});

test("without the flag there is no debug switch", async () => {
  const proxy = await startRealProxy(cleanups, { admin: ADMIN });
  expect(await ask(proxy, TERMINATE, "POST")).toMatchObject({ status: 404 });
  expect(proxy.supervisor.metrics()).toContain("\nfairway_workers_live 2\n");
});

async function ask(
  proxy: RealProxy,
  path: string,
  method: string,
): Promise<{ readonly status: number; readonly allow: string | null; readonly body: string }> {
  const [admin] = proxy.of("admin");
  const port = admin?.event === "admin" ? admin.port : 0;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.status, allow: response.headers.get("allow"), body: await response.text() };
}
